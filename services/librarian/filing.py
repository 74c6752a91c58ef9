"""The way of a complete file: stage -> decide -> reserve -> publish -> record -> remove.

Each step takes what the one before it gave and reports the files that leave on the way. Whatever
interrupts it, nothing is lost: until the asset is recorded the source is not touched, and what is
published but not recorded stands in `filings`, from which recovery goes on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import orm

from librarian import (
    deciding,
    duplicates,
    left_behind,
    recording,
    recovery,
    removal,
    reserving,
    staging,
)
from librarian.arrivals import KEPT, Claimed, Outcome, Source
from librarian.deciding import Plan
from librarian.domain import naming
from librarian.domain.capture import DateRules
from librarian.domain.facts import Facts
from librarian.originals import Originals
from librarian.repository import originals as original_rows
from librarian.repository import recording as rows
from librarian.repository.originals import Original
from librarian.reserving import Reserved
from librarian.staging import Staged
from shared import disk_space, errors, event_log, faults, ownership, publish
from shared.clock import Clock
from shared.database import Database

log = structlog.get_logger()

THREADS: Final = 4
BUSY: Final = "being filed by somebody else"

Given = TypeVar("Given")
Made = TypeVar("Made")


class FactsReader(Protocol):
    """What filing needs of `librarian.reader.Reader`."""

    def read(self, fd: int, name: str) -> Facts:
        """The facts of an open file."""
        ...


class Filer:
    """Files claimed files; copies, syncs and publishes by a few threads.

    Invariant: one batch at a time, so what we have in `filings` before one was interrupted.
    """

    def __init__(
        self, database: Database, owner: ownership.Owner, reader: FactsReader, clock: Clock
    ) -> None:
        self.database = database
        self.owner = owner
        self.reader = reader
        self.clock = clock
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="filing")
        self._turn = threading.Lock()

    def file(self, batch: Sequence[Claimed], source_fd: int) -> Sequence[Outcome]:
        """What became of each claimed file of one source; decided outcomes are recorded.

        Raises:
            DependencyError: Nothing can be filed now; what was published is finished later.
        """
        if not batch:
            return []
        catalog_id = batch[0].source.catalog_id
        with self._turn, self._opened(catalog_id) as originals:
            disk_space.check(
                originals.folder.fd,
                disk_space.Purpose.FILING,
                needed_bytes=sum(each.found.size for each in batch),
            )
            return Batch(self, originals, source_fd).file(batch)

    def recover(self, source: Source, source_fd: int) -> None:
        """Finish what was interrupted: filings, leftover temporary files, removals of this source.

        To be called before a source is scanned for the first time, and after a lost dependency.
        """
        with self._turn, self._opened(source.catalog_id) as originals:
            recovery.discard_leftovers(self.database, originals)
            if source.mode == "move":
                self.tidying(originals, source_fd).finish(source)

    def tidying(self, originals: Originals, source_fd: int) -> left_behind.Tidying:
        """The means to remove sources that were left behind."""
        return left_behind.Tidying(self.database, originals, source_fd, self.clock.now())

    def close(self) -> None:
        """End the threads."""
        self.pool.shutdown(cancel_futures=True)

    def each(self, function: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
        """`function` of every item, by several threads; raises an error once all are done."""
        futures = [self.pool.submit(function, item) for item in items]
        failures = [error for future in futures if (error := future.exception()) is not None]
        if failures:
            raise failures[0]
        return [future.result() for future in futures]

    @contextlib.contextmanager
    def _opened(self, catalog_id: UUID) -> Iterator[Originals]:
        """The originals of a catalog, where no interrupted filing is left open."""
        self.owner.keep()
        with self.database.read() as session:
            known = original_rows.root_of(session, catalog_id)
        with known.open() as folder:
            originals = Originals(folder, self.owner.id)
            recovery.finish_abandoned(self.database, originals, self.owner.id, self.clock)
            yield originals


class Batch:
    """One batch on its way. Invariant: every file is in `outcomes`, or still on the way."""

    def __init__(self, filer: Filer, originals: Originals, source_fd: int) -> None:
        self._filer = filer
        self._originals = originals
        self._source_fd = source_fd
        self._now = filer.clock.now()
        self._staged: list[Staged] = []
        self._again: list[Staged] = []
        self._outcomes: dict[UUID, Outcome] = {}

    def file(self, batch: Sequence[Claimed]) -> list[Outcome]:
        """What became of each file, in the order of the batch."""
        try:
            claimed = self._without_recovered(batch)
            staged = self._stage(claimed)
            plans = self._decide(self._new(staged))
            reserved = self._reserve(plans)
            published = self._publish(reserved)
            self._record(published)
            self._settle_duplicates()
            self._remove()
        finally:
            for each in self._staged:
                self._originals.discard(each.temporary)
        return [self._outcomes[each.file_id] for each in batch]

    def _without_recovered(self, batch: Sequence[Claimed]) -> list[Claimed]:
        """The files that recovery has not just decided."""
        with self._filer.database.read() as session:
            decided = rows.decided(session, [each.file_id for each in batch])
        self._outcomes |= decided
        moved = [each.file_id for each in batch if each.mode == "move" and each.file_id in decided]
        if moved:
            tidying = self._filer.tidying(self._originals, self._source_fd)
            self._removed(tidying.finish_files(moved))
        return [each for each in batch if each.file_id not in decided]

    def _stage(self, claimed: Sequence[Claimed]) -> list[Staged]:
        """Copies of the files that could be read; the others are decided."""

        def stage(one: Claimed) -> Staged | Outcome:
            staged = staging.stage(one, self._source_fd, self._originals)
            if isinstance(staged, Staged):
                self._staged.append(staged)
            return staged

        results = self._filer.each(stage, claimed)
        self._add(result for result in results if isinstance(result, Outcome))
        return [result for result in results if isinstance(result, Staged)]

    def _new(self, staged: Sequence[Staged]) -> list[Staged]:
        """One file for each content that the ledger does not know; the others are duplicates."""
        with self._filer.database.read() as session:
            known = original_rows.by_hash(session, [each.file_hash for each in staged])
        new: dict[str, Staged] = {}
        for each in sorted(staged, key=lambda one: one.claimed.found.path):
            if each.file_hash not in known and each.file_hash not in new:
                new[each.file_hash] = each
            else:
                self._again.append(each)
        return list(new.values())

    def _decide(self, new: Sequence[Staged]) -> list[Plan]:
        """Facts are read, capture time, folder and rows decided."""
        with self._filer.database.read() as session:
            zone = original_rows.default_zone(session)
        rules = DateRules(default_zone=zone, now=self._now)

        def decide(staged: Staged) -> Plan:
            with self._originals.open_temporary(staged.temporary) as descriptor:
                name = naming.display(staged.claimed.found.path)
                facts = self._filer.reader.read(descriptor, name)
            return deciding.plan(staged, uuid.uuid4(), facts, rules)

        return self._filer.each(decide, new)

    def _reserve(self, plans: Sequence[Plan]) -> list[Reserved]:
        """Content and path are ours; what somebody else files just now is left for later."""
        desired = reserving.Desired(plans, self._originals.root_id, self._filer.owner.id)
        reserved, known = self._filer.database.run(
            lambda session: reserving.reserve(session, desired)
        )
        faults.point("filing.reserved")
        ours = {each.filing.asset_id for each in reserved}
        others = [plan.staged for plan in plans if plan.asset_id not in ours]
        self._again += [each for each in others if each.file_hash in known]
        self._wait(each for each in others if each.file_hash not in known)
        return reserved

    def _publish(self, reserved: Sequence[Reserved]) -> list[Reserved]:
        """The files stand complete under their names, and the folders' records tell of them."""
        results = self._filer.each(self._publish_one, reserved)
        published = [each for each in results if each is not None]
        faults.point("filing.published")
        recovery.write_record(self._originals, [each.filing for each in published])
        return published

    def _publish_one(self, one: Reserved) -> Reserved | None:
        on_disk: set[str] = set()
        try:
            self._originals.sync_temporary(one.staged.temporary)
            while not self._has_its_name(one):
                on_disk.add(one.filing.path_key)
                one = self._elsewhere(one, on_disk)
        except errors.PermanentError as error:
            self._filer.database.run(lambda session: recovery.give_up(session, one.filing))
            self._add([staging.outcome(one.staged.claimed, "failed", "no folder", str(error))])
            return None
        except (OSError, publish.AcrossMountsError) as error:
            raise errors.DependencyError("originals", f"cannot publish: {error}") from error
        return one

    def _has_its_name(self, one: Reserved) -> bool:
        """Publish; an equal file that is there already is adopted, another one keeps the name."""
        filing = one.filing
        try:
            self._originals.publish(one.staged.temporary, filing.relative_path)
        except publish.NameTakenError:
            there = self._originals.hash_at(filing.relative_path)
            if there != (filing.file_hash, filing.size_bytes):
                return False
            self._originals.sync(filing.relative_path)
        return True

    def _elsewhere(self, one: Reserved, on_disk: set[str]) -> Reserved:
        return self._filer.database.run(
            lambda session: reserving.place_again(session, one, on_disk)
        )

    def _record(self, published: Sequence[Reserved]) -> None:
        by_filing = {each.filing.id: each for each in published}
        done, refused = recording.record(
            self._filer.database, [each.filing for each in published], self._now
        )
        for filing in done:
            one = by_filing.pop(filing.id)
            self._add([recording.outcome_of(filing, one.staged.claimed.found.path)])
            log.info("asset.filed", asset_id=filing.asset_id, path=filing.relative_path)
        for refusal in refused:
            one = by_filing.pop(refusal.filing.id)
            self._originals.withdraw(refusal.filing.relative_path, refusal.filing.file_hash)
            recovery.refuse(self._filer.database, refusal, self._filer.clock)
            self._add([recovery.outcome_of(refusal, one.staged.claimed.found.path)])
        self._wait(each.staged for each in by_filing.values())

    def _settle_duplicates(self) -> None:
        """Originals of known contents are looked at, and all outcomes that are left recorded."""
        with self._filer.database.read() as session:
            known = original_rows.by_hash(session, [each.file_hash for each in self._again])
        self._wait(each for each in self._again if each.file_hash not in known)
        again = [each for each in self._again if each.file_hash in known]
        self._add(self._filer.each(lambda one: self._settle(one, known[one.file_hash]), again))
        told = [duplicates.found_event(each, known[each.file_hash]) for each in again]

        def decide(session: orm.Session) -> None:
            unrecorded = [each for each in self._outcomes.values() if each.outcome != "filed"]
            rows.decide_files(session, unrecorded, self._now)
            event_log.append(session, told, now=self._now)

        self._filer.database.run(decide)
        faults.point("filing.decided")

    def _settle(self, staged: Staged, known: Original) -> Outcome:
        return duplicates.settle(self._filer.database, self._originals, staged, known, self._now)

    def _remove(self) -> None:
        """In move mode, sources whose original is recorded go."""
        movable = [
            each
            for each in self._staged
            if each.claimed.mode == "move" and self._is_safe(each.claimed.file_id)
        ]
        if not movable:
            return
        with self._filer.database.read() as session:
            known = original_rows.by_hash(session, [each.file_hash for each in movable])
        gone = self._filer.each(lambda one: self._remove_one(one, known[one.file_hash]), movable)
        self._removed(
            each.claimed.file_id for each, is_gone in zip(movable, gone, strict=True) if is_gone
        )

    def _is_safe(self, file_id: UUID) -> bool:
        outcome = self._outcomes[file_id]
        return outcome.outcome in {"filed", "duplicate"} and outcome.reason != KEPT

    def _remove_one(self, staged: Staged, known: Original) -> bool:
        claimed, path = staged.claimed, str(known.relative_path)

        def is_original_there() -> bool:
            return self._originals.size_at(path) == known.size_bytes

        try:
            return removal.remove(
                self._source_fd,
                claimed.found.path,
                staged.identity,
                claimed.file_id,
                is_original_there,
            )
        except removal.WrongViewError as error:
            self._keep(claimed, str(error), freeze=True)
        except OSError as error:
            self._keep(claimed, f"cannot be removed: {error}", freeze=False)
        return False

    def _keep(self, claimed: Claimed, why: str, *, freeze: bool) -> None:
        log.warning("source.kept", path=claimed.found.path, why=why)

        def keep(session: orm.Session) -> None:
            rows.keep_source(session, claimed.file_id, why)
            if freeze:
                original_rows.freeze(session, self._originals.root_id, why)

        self._filer.database.run(keep)

    def _removed(self, file_ids: Iterable[UUID]) -> None:
        gone = list(file_ids)
        self._filer.database.run(lambda session: rows.sources_removed(session, gone, self._now))
        for file_id in gone:
            self._outcomes[file_id] = dataclasses.replace(
                self._outcomes[file_id], is_source_removed=True
            )

    def _wait(self, staged: Iterable[Staged]) -> None:
        self._add(staging.outcome(each.claimed, None, BUSY) for each in staged)

    def _add(self, outcomes: Iterable[Outcome]) -> None:
        self._outcomes |= {each.file_id: each for each in outcomes}
