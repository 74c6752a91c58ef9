"""Files that are still arriving: one look per scan, until the release rule lets them go."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from librarian.arrivals import CHANGED, OPEN, Found, Outcome
from librarian.domain import release

LIMIT: Final = 5_000
"""Files held at a time: more than are filed between two scans, and few for the memory."""


class Settling:
    """The files of one source that wait, to be complete and then for their turn.

    Invariants: at most LIMIT are held, those beyond them are looked at when others have gone, so
    that memory does not grow with a drop. What is ready was complete at the last look.
    """

    def __init__(self, quiet_s: Callable[[Found], float] = lambda _: release.QUIET_S) -> None:
        self._quiet_s = quiet_s
        self._waiting: dict[bytes, release.Waiting] = {}
        self._ready: dict[bytes, Found] = {}
        self._unmet: set[bytes] = set()
        self._is_crowded = False
        self.seen = 0
        """How many files were there at the last scan, those that are not held included."""

    @property
    def has_ready(self) -> bool:
        """Whether a file is complete."""
        return bool(self._ready)

    def begin(self) -> None:
        """Start a scan: what is not met until ``end`` has vanished."""
        self._unmet = set(self._waiting)
        self._is_crowded = False
        self.seen = 0

    def observe(self, files: Collection[Found], at: float) -> None:
        """Look at files; ``at`` is the monotonic clock in seconds."""
        self.seen += len(files)
        for file in files:
            self._unmet.discard(file.path)
            self._look(file, at)

    def end(self) -> None:
        """End a complete scan: forget the files that it did not meet."""
        for path in self._unmet:
            self._forget(path)
        self._unmet = set()

    def ready(self, count: int, size_bytes: int) -> list[Found]:
        """Return complete files, those that became so first: as many as allowed, at least one."""
        turn: list[Found] = []
        for file in self._ready.values():
            size_bytes -= file.size
            if turn and (size_bytes < 0 or len(turn) == count):
                break
            turn.append(file)
        return turn

    def tried(self, files: Iterable[Found], outcomes: Iterable[Outcome]) -> None:
        """Note that the turn of ready files is over: their next is after another look.

        What is decided is held no longer; what was still being written has to be quiet anew.
        """
        for file in files:
            self._ready.pop(file.path, None)
        for each in outcomes:
            if each.outcome is not None or each.reason in {CHANGED, OPEN}:
                self._forget(each.path)

    def due_in_s(self, at: float) -> float | None:
        """Return in how many seconds the next scan is worth it; None when nothing waits for it."""
        if self._is_crowded and self._ready:
            return 0.0  # filing makes room
        arriving = self._waiting.keys() - self._ready.keys()
        if not arriving:
            return None
        earliest = min(self._waiting[path].quiet_since for path in arriving)
        return max(0.0, earliest + release.QUIET_S - at)

    def _look(self, file: Found, at: float) -> None:
        before = self._waiting.get(file.path)
        if before is None and len(self._waiting) >= LIMIT:
            self._is_crowded = True
            return
        look = release.Look(
            file.size, file.mtime_ns, file.inode, file.ctime_ns, is_regular=True, at=at
        )
        if before and before.look.ctime_ns != file.ctime_ns:
            # Whoever rewrites in place and restores size and mtime still moves the ctime.
            before = release.disturbed(before, at)
        self._waiting[file.path], verdict = release.observe(before, look, self._quiet_s(file))
        if verdict is release.Verdict.RELEASED:
            self._ready[file.path] = file
        else:
            self._ready.pop(file.path, None)

    def _forget(self, path: bytes) -> None:
        self._waiting.pop(path, None)
        self._ready.pop(path, None)
