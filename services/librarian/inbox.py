"""The way in: scan -> release -> claim -> file -> tidy, for one inbox."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import exc, orm

from librarian import removal, scanner, watcher
from librarian.arrivals import CHANGED, OPEN, Claimed, Found, Outcome, Source
from librarian.desk import Desk
from librarian.repository import occurrences, sources
from librarian.settling import Settling
from shared import database as databases
from shared import metrics
from shared.errors import DependencyError

log = structlog.get_logger()
Item = TypeVar("Item")

SCAN_BATCH: Final = 2_000
FILING_BATCH: Final = 64
BATCH_BYTES: Final = 1 << 30
"""A batch of long videos ends within a minute or so, like one of photos: nobody seems to hang."""
BUDGET_S: Final = 5.0
"""Files are filed for this long before the next scan, so that a bulk drop starves nobody."""
DEBOUNCE_S: Final = 0.5
BUSY_S: Final = 10.0
IDLE_S: Final = 60.0


class Inbox:
    """One watched folder."""

    def __init__(self, source: Source, desk: Desk, wake: threading.Event) -> None:
        self.source = source
        self._desk = desk
        self._hint = threading.Event()
        self._wake = wake
        self._settling = Settling()
        self._watcher: watcher.Watcher | None = None
        self._refusal: str | None = None
        self._is_recovered = False
        self._next_scan_at = desk.clock.monotonic()
        self._scan_cost_s = 0.0
        self.unreadable = 0

    @property
    def is_busy(self) -> bool:
        """Whether complete files wait to be filed."""
        return self._settling.has_ready

    def due_in_s(self) -> float:
        """Return in how many seconds the next visit is worth it."""
        if self.is_busy:
            return 0.0
        return max(0.0, self._next_scan_at - self._desk.clock.monotonic())

    def hinted(self) -> None:
        """Bring the next scan forward when something moved in the inbox."""
        if self._hint.is_set():
            self._hint.clear()
            self._scan_in(max(DEBOUNCE_S, 2 * self._scan_cost_s))

    def visit(self) -> int:
        """Scan if it is time, file what is complete; return how many files were decided.

        Raises DependencyError when the folder, the database or the originals are not there.
        """
        try:
            return self._visit()
        except BaseException:
            self._is_recovered = False  # whatever it interrupted is finished before the next scan
            raise

    def _visit(self) -> int:
        with self.source.opened() as source_fd:
            if not self._is_recovered:
                self._desk.filer.recover(self.source, source_fd)
                self._is_recovered = True
            self._watch()
            if self._desk.clock.monotonic() >= self._next_scan_at:
                self._scan(source_fd)
            return self._file(source_fd)

    def close(self) -> None:
        """End the watching."""
        if self._watcher:
            self._watcher.close()
            self._watcher = None

    def _watch(self) -> None:
        """Watch, and say how; the system may refuse to watch a new folder at any time."""
        if self._watcher is None:
            self._watcher = watcher.watch(self.source.path, self._hint, self._wake)
        elif self._watcher.reason == self._refusal:
            return
        self._refusal = self._watcher.reason
        if self._refusal:
            log.warning("inbox.polled", inbox=self.source.name, reason=self._refusal)
        with self._desk.database.transaction() as session:
            sources.report_watching(session, self.source.id, self._refusal)

    def _scan(self, source_fd: int) -> None:
        """Look at every file once; what is complete and not settled becomes ready."""
        clock = self._desk.clock
        began = clock.monotonic()
        is_remote = watcher.is_remote(self.source.path)
        self._settling.begin()
        self.unreadable = 0
        for batch in batched(
            self._files(scanner.walk(source_fd, ignored=self._desk.ignored)), SCAN_BATCH
        ):
            if self._desk.stop.is_requested:
                return
            unknown = self._unknown(batch)
            if is_remote:
                unknown = list(scanner.opened_too(source_fd, unknown))
            self._settling.observe(unknown, clock.monotonic())
        self._settling.end()
        if not self._settling.seen:
            self._let_go(source_fd)
        self._scan_cost_s = clock.monotonic() - began
        self._next_scan_at = clock.monotonic() + self._pause_s()
        with self._desk.database.transaction() as session:
            sources.report_scan(
                session,
                self.source.id,
                waiting=self._settling.seen,
                unreadable=self.unreadable,
                now=clock.now(),
            )

    def _let_go(self, source_fd: int) -> None:
        """Hold nothing any longer that a person took away; what comes back is looked at anew."""
        with self._desk.database.read() as session:
            held = occurrences.held(session, self.source)
        for batch in batched(held, SCAN_BATCH):
            gone = [
                file_id
                for file_id, path in batch
                if next(scanner.look_at(source_fd, path, is_named=True), None) is None
            ]
            now = self._desk.clock.now()
            self._desk.database.run(lambda session: occurrences.vanished(session, gone, now))  # noqa: B023  run at once

    def _pause_s(self) -> float:
        """Return the time to the next scan: soon while files arrive, rarer the more it costs."""
        due = self._settling.due_in_s(self._desk.clock.monotonic())
        if due is None:
            return max(IDLE_S, 20 * self._scan_cost_s)
        return min(BUSY_S, max(due, DEBOUNCE_S)) + 2 * self._scan_cost_s

    def _files(self, met: Iterable[scanner.Met]) -> Iterator[Found]:
        for each in met:
            match each:
                case scanner.Unreadable():
                    self.unreadable += 1
                    log.warning(
                        "inbox.unreadable", inbox=self.source.name, path=each.path, error=each.error
                    )
                case Found():
                    yield each
                case scanner.Debris():
                    pass  # stays where it is, as peers expect of their own files

    def _asking(self) -> occurrences.Asking:
        return occurrences.Asking(
            self.source, self.source.mode, self._desk.owner, self._desk.clock.now()
        )

    def _unknown(self, batch: Sequence[Found]) -> list[Found]:
        with self._desk.database.read() as session:
            settled = occurrences.known(session, self._asking(), batch)
        return [file for file in batch if file.path not in settled]

    def _file(self, source_fd: int) -> int:
        """File ready files until the budget is spent; return how many were decided."""
        clock = self._desk.clock
        until = clock.monotonic() + max(BUDGET_S, 10 * self._scan_cost_s)
        decided = 0
        while self.is_busy and not self._desk.stop.is_requested and clock.monotonic() < until:
            batch = self._settling.ready(FILING_BATCH, BATCH_BYTES)
            outcomes = file_claimed(self._desk, self._asking(), batch, source_fd)
            self._settling.tried(batch, outcomes)
            decided += sum(outcome.outcome is not None for outcome in outcomes)
            remove_emptied(source_fd, outcomes)
            self._scan_in(BUSY_S + 2 * self._scan_cost_s)
        return decided

    def _scan_in(self, seconds: float) -> None:
        self._next_scan_at = min(self._next_scan_at, self._desk.clock.monotonic() + seconds)


def file_claimed(
    desk: Desk, asking: occurrences.Asking, files: Sequence[Found], source_fd: int
) -> Sequence[Outcome]:
    """Claim and file; what could not be decided is given back, with the time of its next try."""
    began = desk.clock.monotonic()
    claimed = claim(desk, asking, files, source_fd)
    if not claimed:
        return []
    ids = [each.file_id for each in claimed]

    def end_turn(session: orm.Session) -> None:
        give_turns(session, outcomes, desk.clock.now())
        occurrences.release(session, ids, desk.owner)

    try:
        outcomes = desk.filer.file(claimed, source_fd)
        desk.database.run(end_turn)
    except BaseException:
        give_back(desk, ids)
        raise
    took_s = desk.clock.monotonic() - began
    for each in outcomes:
        if each.outcome is not None:
            metrics.FILES_DECIDED.labels(each.outcome).inc()
            metrics.FILING_SECONDS.observe(took_s)
    return outcomes


def claim(
    desk: Desk, asking: occurrences.Asking, files: Sequence[Found], source_fd: int
) -> list[Claimed]:
    """Claim together; where the ledger refuses a value one by one, so that it blames one file."""

    def is_still_there(file: Found) -> bool:
        return scanner.look_again(source_fd, file.path) == file

    try:
        return desk.database.run(
            lambda session: occurrences.claim(session, asking, files, is_still_there)
        )
    except exc.DBAPIError as error:
        if not databases.is_refused_value(error):
            raise
        if len(files) == 1:
            log.warning("inbox.refused", path=files[0].path, error=str(error.orig))
            return []
    return [claimed for file in files for claimed in claim(desk, asking, [file], source_fd)]


def give_turns(session: orm.Session, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Say when undecided and failed files are tried again.

    One that is still being written is simply watched anew; the pauses of the others double.
    """
    for each in outcomes:
        is_moving = each.outcome is None and each.reason in {CHANGED, OPEN}
        if each.outcome in {None, "failed"} and not is_moving:
            occurrences.postpone(session, each, now)


def give_back(desk: Desk, claimed_ids: Sequence[UUID]) -> None:
    """Release claims if the database is there to hear it (a dead owner's are free anyway)."""
    try:
        desk.database.run(lambda session: occurrences.release(session, claimed_ids, desk.owner))
    except DependencyError:
        log.warning("inbox.claims_left", count=len(claimed_ids))


def remove_emptied(source_fd: int, outcomes: Iterable[Outcome]) -> None:
    """Remove the folders that filing has emptied, upwards, never the inbox itself."""
    removal.remove_emptied(source_fd, (each.path for each in outcomes if each.is_source_removed))


def batched(files: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of at most ``size`` items (itertools.batched is Python 3.12)."""
    iterator = iter(files)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
