"""Files that are still arriving: one look per scan, until the release rule lets them go."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

from librarian.arrivals import CHANGED, OPEN, Found, Outcome
from librarian.domain import release

LIMIT = 100_000
"""Files watched at a time; those beyond it are looked at when others have gone (memory)."""


class Settling:
    """The files of one source that wait to be complete.

    Invariant: a path is here from the first look until it is released, changes owner or vanishes.
    """

    def __init__(self, quiet_s: Callable[[Found], float] = lambda _: release.QUIET_S) -> None:
        self._quiet_s = quiet_s
        self._waiting: dict[bytes, release.Waiting] = {}
        self._met: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def begin(self) -> None:
        """Start a scan: what is not met until ``end`` has vanished."""
        self._met = set()

    def observe(self, files: Iterable[Found], at: float) -> Iterator[Found]:
        """Yield the files that are complete; ``at`` is the monotonic clock in seconds."""
        for file in files:
            before = self._waiting.get(file.path)
            if before is None and len(self._waiting) >= LIMIT:
                continue
            self._met.add(file.path)
            look = release.Look(
                file.size, file.mtime_ns, file.inode, file.ctime_ns, is_regular=True, at=at
            )
            if before and before.look.ctime_ns != file.ctime_ns:
                # Whoever rewrites in place and restores size and mtime still moves the ctime.
                before = release.disturbed(before, at)
            self._waiting[file.path], verdict = release.observe(before, look, self._quiet_s(file))
            if verdict is release.Verdict.RELEASED:
                yield file

    def end(self) -> None:
        """End a complete scan: forget the files that it did not meet."""
        for path in self._waiting.keys() - self._met:
            del self._waiting[path]

    def forget(self, path: bytes) -> None:
        """Stop watching a file whose fate is decided."""
        self._waiting.pop(path, None)

    def restart(self, path: bytes, at: float) -> None:
        """Let a file that changed, or is still open for writing, be quiet anew."""
        if before := self._waiting.get(path):
            self._waiting[path] = dataclasses.replace(
                release.disturbed(before, at), look=dataclasses.replace(before.look, at=at)
            )

    def settle(self, outcomes: Iterable[Outcome], at: float) -> None:
        """Go on as filing says: what is decided goes, what is still being written is quiet anew."""
        for each in outcomes:
            if each.outcome is not None:
                self.forget(each.path)
            elif each.reason in {CHANGED, OPEN}:
                self.restart(each.path, at)

    def due_in_s(self, at: float) -> float | None:
        """Return in how many seconds the next file can be complete; None when none waits."""
        if not self._waiting:
            return None
        earliest = min(waiting.quiet_since for waiting in self._waiting.values())
        return max(0.0, earliest + release.QUIET_S - at)
