"""The way of a complete file: stage -> decide -> reserve -> publish -> record -> remove.

Each step takes what the one before it gave and reports the files that leave on the way. Whatever
interrupts it, nothing is lost: until the asset is recorded the source is not touched, and what is
published but not recorded stands in `filings`, from which recovery goes on.
"""

from __future__ import annotations

import dataclasses
import functools
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import orm

from librarian import (
    arrivals,
    companions_filing,
    deciding,
    duplicates,
    high_water,
    left_behind,
    linking,
    pairing,
    publishing,
    record_writing,
    reserving,
    staging,
)
from librarian.arrivals import Claimed, Outcome
from librarian.companions_filing import Speaking
from librarian.deciding import Plan
from librarian.departing import Departure, depart
from librarian.domain import naming
from librarian.domain.capture import DateRules
from librarian.domain.facts import Facts
from librarian.listening import Listening
from librarian.neighbours import Neighbours
from librarian.originals import Originals
from librarian.publishing import Publishing
from librarian.repository import originals as original_rows
from librarian.repository import recording as rows
from librarian.repository import sidecars as sidecar_rows
from librarian.repository.originals import Original
from librarian.reserving import Reserved
from librarian.staging import Staged
from shared import errors, event_log, events, faults, ownership
from shared.clock import Clock
from shared.database import Database
from shared.disk.mass_change import Thresholds

BUSY: Final = "being filed by somebody else"

Given = TypeVar("Given")
Made = TypeVar("Made")


class FactsReader(Protocol):
    """What filing needs of `librarian.reader.Reader`."""

    def read(self, fd: int, name: str) -> Facts:
        """The facts of an open file."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Means:
    """What all batches share; threads of the pool call `reader` and `clock`."""

    database: Database
    owner: ownership.Owner
    reader: FactsReader
    clock: Clock
    neighbours: Neighbours
    pool: ThreadPoolExecutor
    brake: Thresholds

    def each(self, function: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
        """`function` of every item, by several threads; raises an error once all are done."""
        futures = [self.pool.submit(function, item) for item in items]
        failures = [error for future in futures if (error := future.exception()) is not None]
        if failures:
            raise failures[0]
        return [future.result() for future in futures]


class Batch:
    """One batch on its way. Invariant: every file has an outcome, or is still on the way."""

    def __init__(self, means: Means, originals: Originals, source_fd: int) -> None:
        self._means = means
        self._database = means.database
        self._originals = originals
        self._source_fd = source_fd
        self._now = means.clock.now()
        self._publishing = Publishing(means.database, originals, means.clock)
        self._listening = Listening(
            means.database, originals, source_fd, means.neighbours, means.brake, means.clock
        )
        self._staged: list[Staged] = []
        self._again: list[Staged] = []
        self._departures: list[Departure] = []
        self._outcomes: dict[UUID, Outcome] = {}
        self._recorded: set[UUID] = set()

    def file(self, batch: Sequence[Claimed]) -> list[Outcome]:
        """What became of each file, in the order of the batch."""
        try:
            staged = self._stage(self._without_recovered(batch))
            photos = [each for each in staged if each.companion is None]
            sidecars = [each for each in staged if each.companion is not None]
            speaking = self._speaking_of(photos)
            for plans in pairing.in_turns(self._decide(self._new(photos), speaking)):
                linking.link(self._database, self._originals, self._keep(self._paired(plans)))
            found = self._settle_duplicates()
            self._greet(photos, speaking)
            self._record(found)
            self._wake(photos, speaking)
            while sidecars:
                sidecars = self._file_sidecars(sidecars)
            self._record()
            record_writing.write_owed(self._database, self._originals)
            self._raise_high_water()
            self._remove()
        finally:
            for each in self._staged:
                self._originals.discard(each.temporary)
        return [self._outcomes[each.file_id] for each in batch]

    def _raise_high_water(self) -> None:
        """Under a name of our own meanwhile: recovery removes what a kill leaves of it."""
        temporary = self._originals.new_temporary_name()
        high_water.raise_to_now(self._database, self._originals.folder, temporary=temporary)

    def _without_recovered(self, batch: Sequence[Claimed]) -> list[Claimed]:
        """The files that recovery has not just decided."""
        with self._database.read() as session:
            decided = rows.decided(session, [each.file_id for each in batch])
        self._outcomes |= decided
        self._recorded |= decided.keys()
        moved = [each.file_id for each in batch if each.mode == "move" and each.file_id in decided]
        if moved:
            tidying = left_behind.Tidying(
                self._database, self._originals, self._source_fd, self._now
            )
            self._removed(tidying.finish_files(moved))
        return [each for each in batch if each.file_id not in decided]

    def _stage(self, claimed: Sequence[Claimed]) -> list[Staged]:
        """Copies of the files that could be read; the others are decided."""

        def stage(one: Claimed) -> Staged | Outcome:
            staged = staging.stage(one, self._source_fd, self._originals)
            if isinstance(staged, Staged):
                self._staged.append(staged)
            return staged

        results = self._means.each(stage, claimed)
        self._add(result for result in results if isinstance(result, Outcome))
        return [result for result in results if isinstance(result, Staged)]

    def _new(self, photos: Sequence[Staged]) -> list[Staged]:
        """One file for each content that the ledger does not know; the others are duplicates."""
        with self._database.read() as session:
            known = original_rows.by_hash(session, [each.file_hash for each in photos])
        new: dict[str, Staged] = {}
        for each in sorted(photos, key=lambda one: one.claimed.found.path):
            if each.file_hash not in known and each.file_hash not in new:
                new[each.file_hash] = each
            else:
                self._again.append(each)
        return list(new.values())

    def _speaking_of(self, photos: Sequence[Staged]) -> Speaking:
        with self._database.read() as session:
            return companions_filing.speaking_of(session, photos)

    def _decide(self, new: Sequence[Staged], speaking: Speaking) -> list[Plan]:
        """Facts are read, of the photo and of companions beside it; date and place are decided."""
        with self._database.read() as session:
            zone = original_rows.default_zone(session)
        rules = DateRules(default_zone=zone, now=self._now)

        def decide(staged: Staged) -> Plan:
            with self._originals.open_temporary(staged.temporary) as descriptor:
                name = naming.display(staged.claimed.found.path)
                facts = self._means.reader.read(descriptor, name)
            filed = self._listening.of_filed(speaking.get(staged.claimed.file_id, ()))
            said = self._listening.beside(staged) + filed
            return deciding.plan(staged, uuid.uuid4(), facts, rules, said)

        return self._means.each(decide, new)

    def _paired(self, plans: Sequence[Plan]) -> list[Plan]:
        """The plans, with halves of pairs beside the other half where that is filed."""
        with self._database.read() as session:
            return pairing.arranged(session, self._originals.root_id, plans, self._now)

    def _file_sidecars(self, sidecars: Sequence[Staged]) -> list[Staged]:
        """Sidecars whose photo is filed go beside it; the others wait for theirs.

        Left are those whose photo has just got the same bytes from another one.
        """
        folder_of = functools.partial(self._listening.folder, sidecars[0].claimed.source)
        with self._database.read() as session:
            found = companions_filing.belongings(session, sidecars, folder_of)
        belonging = {each.staged.claimed.file_id for each in found}
        for each in sidecars:
            if each.claimed.file_id not in belonging:
                why = f"{companions_filing.expected(each)} in its folder"
                self._add([staging.outcome(each.claimed, None, arrivals.WAITING_FOR_PHOTO, why)])
        turn = companions_filing.one_of_each(found)
        # before healing, which takes the staged bytes
        said = {one: self._listening.of_staged(one.staged) for one in turn}
        self._settle([(one.staged, one.filed) for one in turn if one.filed is not None])
        plans = [companions_filing.plan(one, *said[one]) for one in turn if one.filed is None]
        self._keep(plans)
        again = ((one.spoken_of, said[one][0]) for one in turn if one.filed is not None)
        self._listening.tell(again, self._now)
        later = set(found) - set(turn)
        return [one.staged for one in found if one in later]

    def _greet(self, photos: Sequence[Staged], speaking: Speaking) -> None:
        """Photos that came again hear the sidecars that were filed before them.

        A new photo has heard them when it was decided.
        """
        said = [
            ([outcome.asset_id], facts)
            for each in photos
            if (outcome := self._outcomes[each.claimed.file_id]).outcome == "duplicate"
            and outcome.asset_id is not None
            for facts in self._listening.of_filed(speaking.get(each.claimed.file_id, ()))
        ]
        self._listening.tell(said, self._now)

    def _wake(self, photos: Sequence[Staged], speaking: Speaking) -> None:
        """Sidecars that waited for these photos have their turn."""
        waiting = {
            one.file_id
            for each in photos
            if self._outcomes[each.claimed.file_id].asset_id is not None
            for one in speaking.get(each.claimed.file_id, ())
            if one.relative_path is None
        }
        self._database.run(lambda session: sidecar_rows.wake(session, waiting))

    def _keep(self, plans: Sequence[Plan]) -> list[Reserved]:
        """Reserve, publish, record; the recorded ones."""
        reserved = self._reserve(plans)
        results = self._means.each(self._publishing.publish_one, reserved)
        self._add(result for result in results if isinstance(result, Outcome))
        published = [result for result in results if isinstance(result, Reserved)]
        outcomes = self._publishing.record(published, self._now)
        self._add(outcomes.values())
        done = [
            one
            for one in published
            if one.filing.file_id in outcomes
            and outcomes[one.filing.file_id].outcome in {"filed", "companion"}
        ]
        self._recorded |= outcomes.keys()
        self._wait(one.staged for one in published if one.filing.file_id not in outcomes)
        self._departures += [
            Departure(one.staged, one.filing.relative_path, one.filing.size_bytes) for one in done
        ]
        return done

    def _reserve(self, plans: Sequence[Plan]) -> list[Reserved]:
        """Content and path are ours; what somebody else files just now is left for later."""
        desired = reserving.Desired(plans, self._originals.root_id, self._means.owner.id)
        reserved, known = self._database.run(lambda session: reserving.reserve(session, desired))
        faults.point("filing.reserved")
        ours = {each.filing.file_id for each in reserved}
        others = [plan.staged for plan in plans if plan.staged.claimed.file_id not in ours]
        self._again += [each for each in others if each.file_hash in known]
        self._wait(each for each in others if each.file_hash not in known)
        return reserved

    def _settle_duplicates(self) -> list[events.Event]:
        """Originals of known contents are looked at; the events of those that came again."""
        with self._database.read() as session:
            known = original_rows.by_hash(session, [each.file_hash for each in self._again])
        self._wait(each for each in self._again if each.file_hash not in known)
        again = [(each, known[each.file_hash]) for each in self._again if each.file_hash in known]
        settled = self._settle(again)
        return [duplicates.found_event(staged, original) for staged, original in settled]

    def _settle(self, again: Sequence[tuple[Staged, Original]]) -> list[tuple[Staged, Original]]:
        """Those of the re-arrivals whose original holds their bytes now, or which stay."""

        def settle(one: tuple[Staged, Original]) -> Outcome:
            try:
                return duplicates.settle(self._database, self._originals, *one, self._now)
            except errors.TransientError as error:  # somebody else moves or heals it just now
                return staging.outcome(one[0].claimed, None, BUSY, str(error))
            except errors.PermanentError as error:
                return staging.outcome(one[0].claimed, None, publishing.NO_FOLDER, str(error))

        self._add(self._means.each(settle, again))
        settled = [one for one in again if self._outcomes[one[0].claimed.file_id].outcome]
        self._departures += [
            Departure(staged, str(original.relative_path), staged.size_bytes)
            for staged, original in settled
        ]
        return settled

    def _record(self, told: Sequence[events.Event] = ()) -> None:
        """Record the outcomes that are not yet, with their events."""
        unrecorded = [o for o in self._outcomes.values() if o.file_id not in self._recorded]

        def decide(session: orm.Session) -> None:
            rows.decide_files(session, unrecorded, self._now, owner=self._means.owner.id)
            event_log.append(session, told, now=self._now)

        self._database.run(decide)
        self._recorded |= {each.file_id for each in unrecorded}
        faults.point("filing.decided")

    def _remove(self) -> None:
        """In move mode, sources leave whose original is recorded."""
        leaving = [
            each
            for each in self._departures
            if each.staged.claimed.mode == "move"
            and self._outcomes[each.staged.claimed.file_id].reason != arrivals.KEPT
        ]
        gone = self._means.each(
            lambda one: depart(self._database, self._originals, self._source_fd, one), leaving
        )
        self._removed(
            each.staged.claimed.file_id
            for each, is_gone in zip(leaving, gone, strict=True)
            if is_gone
        )

    def _removed(self, file_ids: Iterable[UUID]) -> None:
        gone = list(file_ids)
        if gone:
            self._database.run(lambda session: rows.sources_removed(session, gone, self._now))
        for file_id in gone:
            self._outcomes[file_id] = dataclasses.replace(
                self._outcomes[file_id], is_source_removed=True
            )

    def _wait(self, staged: Iterable[Staged], why: str = BUSY) -> None:
        self._add(staging.outcome(each.claimed, None, why) for each in staged)

    def _add(self, outcomes: Iterable[Outcome]) -> None:
        self._outcomes |= {each.file_id: each for each in outcomes}
