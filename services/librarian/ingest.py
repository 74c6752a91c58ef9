"""An ingest job: discover every file that a person named, then file them like an inbox would."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Collection, Generator, Iterator, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import orm

from librarian import inbox, scanner, watcher
from librarian.arrivals import NO_PHOTO_YET, WAITING_FOR_PHOTO, Found, Mode, Outcome, Source
from librarian.desk import Desk
from librarian.domain import release
from librarian.repository import job_items, occurrences, recording, sources
from librarian.repository.occurrences import IN_LIBRARY
from librarian.settling import Settling
from shared.errors import PermanentError

ALREADY_FILED: Final = "already filed from here"
IGNORED_BEFORE: Final = "ignored before"
PAGE: Final = 1_000
LOOK_AGAIN_S: Final = release.QUIET_OF_OLD_FILES_S


class IngestJob:
    """One running job; a restart discovers again, which adds nothing that is there."""

    def __init__(self, job_id: UUID, paths: Sequence[str], mode: Mode, desk: Desk) -> None:
        self.job_id = job_id
        self._paths = [urllib.parse.unquote_to_bytes(path) for path in paths]
        self._mode = mode
        self._desk = desk
        self._is_discovered = False
        self._next_round_at = 0.0
        self._settling: dict[UUID, Settling] = {}
        self._steps = self._go_round()

    def visit(self) -> bool:
        """Go on for some seconds; return whether the job is complete.

        Raises PermanentError when a named path is not there (any more).
        """
        clock = self._desk.clock
        until = clock.monotonic() + inbox.BUDGET_S
        while self._next_round_at <= clock.monotonic() <= until:
            try:
                next(self._steps)
            except StopIteration as end:
                self._steps = self._go_round()
                return bool(end.value)
            except BaseException:
                self._steps = self._go_round()
                raise
            if self._desk.stop.is_requested:
                break  # what was not looked at is no part of "nothing is left"
        return False

    def _discover(self, path: bytes) -> Iterator[None]:
        folder, start = (path, b"") if os.path.isdir(path) else os.path.split(path)
        if not os.path.lexists(path):
            raise PermanentError(f"{os.fsdecode(path)} is not there")
        with self._desk.database.transaction() as session:
            source = sources.by_id(session, sources.of_folder(session, as_text(folder)))
        with source.opened() as source_fd:
            met = scanner.walk(source_fd, start, is_named=True, ignored=self._desk.ignored)
            for batch in inbox.batched(met, PAGE):
                recorded = self._add(source, batch)
                if recorded and self._mode == "move":
                    self._desk.filer.remove_recorded(source, source_fd, recorded)
                yield

    def _add(self, source: Source, batch: Sequence[scanner.Met]) -> list[UUID]:
        """Make every file met an item; what needs no work has its outcome at once.

        Return the files that this job recorded before it was interrupted.
        """
        files = [each for each in batch if isinstance(each, Found)]
        debris = [each for each in batch if isinstance(each, scanner.Debris)]
        unreadable = [each for each in batch if isinstance(each, scanner.Unreadable)]
        with self._desk.database.transaction() as session:
            settled = occurrences.known(session, self._asking(source), files)
            ids = job_items.open_files(session, source.id, self.job_id, files)
            self._decide_known(session, settled.values())
            for each in debris:
                job_items.note(session, source.id, self.job_id, each.path, "ignored", each.rule)
            for other in unreadable:
                reason = f"unreadable: {other.error}"
                path = other.path[: scanner.LONGEST_PATH_BYTES]
                job_items.note(session, source.id, self.job_id, path, "failed", reason)
            return job_items.recorded(session, self.job_id, ids.values())

    def _decide_known(self, session: orm.Session, settled: Collection[occurrences.Known]) -> None:
        filed = [each.file_id for each in settled if each.outcome in IN_LIBRARY]
        job_items.decide(session, self.job_id, filed, "duplicate", ALREADY_FILED)
        released = [each.file_id for each in settled if each.outcome == "ignored"]
        job_items.decide(session, self.job_id, released, "ignored", IGNORED_BEFORE)

    def _asking(self, source: Source) -> occurrences.Asking:
        now = self._desk.clock.now()
        return occurrences.Asking(source, self._mode, self._desk.owner, now, self.job_id)

    def _pages(self) -> Iterator[tuple[UUID, list[tuple[UUID, bytes]]]]:
        """Yield the open items, page by page, those of one source together."""
        after: UUID | None = None
        while True:
            with self._desk.database.read() as session:
                rows = job_items.undecided(session, self.job_id, after=after, limit=PAGE)
            if not rows:
                return
            after = rows[-1].id
            for source_id in {row.source_id for row in rows}:
                yield source_id, [(r.id, r.path) for r in rows if r.source_id == source_id]

    def _go_round(self) -> Generator[None, None, bool]:
        """Look at every open item once and file what is complete; is the job complete then?

        Yields after each step that takes a moment. Begun anew, it adds nothing that is there.
        """
        if not self._is_discovered:
            for path in self._paths:
                yield from self._discover(path)
            self._is_discovered = True
        met = decided = 0
        for settling in self._settling.values():
            settling.begin()
        for source_id, items in self._pages():
            met += len(items)
            for decided_now in self._file_page(source_id, items):
                decided += decided_now
                yield
        for settling in self._settling.values():
            settling.end()
        if not decided:  # nothing was complete yet
            self._next_round_at = self._desk.clock.monotonic() + LOOK_AGAIN_S
        # A round that decided something may have brought the photo that a sidecar waits for.
        return decided == met or (not decided and self._end_waiting())

    def _file_page(self, source_id: UUID, items: Sequence[tuple[UUID, bytes]]) -> Iterator[int]:
        """File what is complete of some items; yields how many are decided, batch by batch."""
        with self._desk.database.read() as session:
            source = sources.by_id(session, source_id)
        settling = self._settling.setdefault(source_id, Settling(self._quiet_s))
        with source.opened() as source_fd:
            present = self._without_known(source, self._present(source, source_fd, items))
        settling.observe(present, self._desk.clock.monotonic())
        yield len(items) - len(present)
        while settling.has_ready:
            batch = settling.ready(inbox.FILING_BATCH, inbox.BATCH_BYTES)
            with source.opened() as source_fd:
                outcomes = inbox.file_claimed(self._desk, self._asking(source), batch, source_fd)
                inbox.remove_emptied(source_fd, outcomes)
            settling.tried(batch, outcomes)
            yield sum(outcome.outcome is not None for outcome in outcomes)

    def _present(
        self, source: Source, source_fd: int, items: Sequence[tuple[UUID, bytes]]
    ) -> list[Found]:
        """Look at every item; those that are gone or cannot be looked at are decided."""
        is_remote = watcher.is_remote(source.path)
        present: list[Found] = []
        gone: list[UUID] = []
        failed: list[Outcome] = []
        for file_id, path in items:
            try:
                look = scanner.look_again(source_fd, path, is_remote=is_remote)
            except OSError as error:
                failed.append(Outcome(file_id, path, "failed", "unreadable", str(error)))
                continue
            present += [look] if look else []
            gone += [] if look else [file_id]
        self._vanished(gone)
        if failed:
            self._desk.database.run(lambda session: self._fail(session, failed))
        return present

    def _without_known(self, source: Source, present: Sequence[Found]) -> list[Found]:
        """Leave out what somebody else has filed meanwhile, an inbox of the same folder say."""
        with self._desk.database.transaction() as session:
            settled = occurrences.known(session, self._asking(source), present)
            known = {path: each for path, each in settled.items() if each.outcome in IN_LIBRARY}
            self._decide_known(session, known.values())
        return [file for file in present if file.path not in known]

    def _fail(self, session: orm.Session, failed: Sequence[Outcome]) -> None:
        recording.decide_files(session, failed, self._desk.clock.now())
        for each in failed:
            why = f"{each.reason}: {each.detail}"
            job_items.decide(session, self.job_id, [each.file_id], "failed", why)

    def _quiet_s(self, file: Found) -> float:
        now_ns = int(self._desk.clock.now().timestamp() * 1e9)
        return release.quiet_period_s(file.ctime_ns, now_ns)

    def _vanished(self, file_ids: Sequence[UUID]) -> None:
        if file_ids:
            with self._desk.database.transaction() as session:
                occurrences.vanished(session, file_ids, self._desk.clock.now())
                filed = occurrences.in_library(session, file_ids)
                job_items.decide(session, self.job_id, filed, "duplicate", ALREADY_FILED)
                job_items.decide(session, self.job_id, file_ids, "vanished", None)

    def _end_waiting(self) -> bool:
        """Close the job when all that is left are sidecars whose photo may come one day."""
        with self._desk.database.transaction() as session:
            if job_items.has_work_left(session, self.job_id, WAITING_FOR_PHOTO):
                return False
            job_items.decide(session, self.job_id, None, "ignored", NO_PHOTO_YET)
        return True


def as_text(folder: bytes) -> str:
    """Return the path of a source as the ledger keeps it; raises PermanentError if it cannot."""
    try:
        return folder.decode()
    except UnicodeDecodeError as error:
        name = folder.decode("utf-8", "backslashreplace")
        raise PermanentError(f"{name} is not UTF-8; rename it, or name a folder above") from error
