"""Differences between disk and ledger that can be repaired safely are, each looked at again.

A pass repairs what it meets; passes follow until one repairs nothing, for one repair may make room
for another (a photo's record, once it is adopted, tells of its sidecars). What the last pass meets
is what is left.
"""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import exc

from librarian import healing, high_water, reconcile, record_writing, recovery
from librarian.adoption import Adopter
from librarian.rebuilding import archive, matching
from librarian.reconcile import Difference, Reconciler
from librarian.records import Record
from librarian.repository import originals as original_rows
from librarian.repository import reconciling
from shared import database as databases
from shared import errors, ledger

PASSES: Final = 5
LAST: Final = frozenset((reconcile.MISSING, reconcile.CHANGED))
"""Looked at after all others: an original that was moved by hand is not missing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a difference, in words; `is_passing`: another try may end otherwise."""

    difference: Difference
    is_repaired: bool
    why: str = ""
    is_passing: bool = False


@dataclasses.dataclass(slots=True)
class Balance:
    """What was repaired, by kind, and what is left."""

    repaired: Counter[str] = dataclasses.field(default_factory=Counter)
    left: list[Attempt] = dataclasses.field(default_factory=list)


class LeftError(errors.PermanentError):
    """A difference that cannot be repaired; the message says why."""


def repair(
    reconciler: Reconciler, adopter: Adopter, told: Callable[[Attempt], object] = lambda _: None
) -> Balance:
    """Repair all that can be; `told` hears of every attempt.

    The disk's high-water mark is accepted, and with it a frozen older ledger thawed, unless
    something that the ledger lacks could not be looked at now: then a later run goes on.

    Raises:
        DependencyError: The root or the database went away, or the disk is full.
    """
    repairer, balance = Repairer(adopter), Balance()
    read: list[Attempt] = []
    for number in range(PASSES):
        balance.left, before = list(read), balance.repaired.total()
        for attempt in repairer.attempts(reconciler, again=number > 0):
            told(attempt)
            if attempt.is_repaired:
                balance.repaired[attempt.difference.kind] += 1
            else:
                balance.left.append(attempt)
        if number == 0:  # only the first pass reads every original
            read = [each for each in balance.left if each.difference.is_read]
        if balance.repaired.total() == before:
            break
    if not any(each.is_passing for each in balance.left):
        _accept(adopter)
    return balance


def _accept(adopter: Adopter) -> None:
    originals = adopter.originals
    temporary = originals.new_temporary_name()
    try:
        high_water.accept(adopter.database, originals.folder, temporary=temporary)
    except OSError as error:
        raise errors.DependencyError("originals", f"cannot be written: {error}") from error


class Repairer:
    """Repairs what is met in one root of originals."""

    def __init__(self, adopter: Adopter) -> None:
        self._adopter = adopter
        self._database = adopter.database
        self._originals = adopter.originals
        self._adopted: list[tuple[str, Record]] = []
        self._records = matching.Records(self._originals.folder)
        self._index: matching.Index | None = None
        self._methods: dict[str, Callable[[Difference], str]] = {
            reconcile.UNRECORDED: self._adopt,
            reconcile.MOVED: self._repath,
            reconcile.RETURNED: self._take_back,
            reconcile.NEWER: self._follow,
            reconcile.NO_LINE: self._tell,
            reconcile.NO_RECORD: self._begin_record,
            reconcile.STALE: self._clear,
            reconcile.MISSING: self._restore,
            reconcile.CHANGED: self._restore,
        }

    def attempts(self, reconciler: Reconciler, *, again: bool) -> Iterator[Attempt]:
        """One pass: every difference, with what became of it."""
        yield from self._finish(reconciler)
        self._records = matching.Records(self._originals.folder)  # repairs write records, too
        later: list[Difference] = []
        for each in reconciler.others(again=again):
            attempt = None if each.kind in LAST else self._attempt(each)
            if attempt is None or (each.kind == reconcile.UNRECORDED and not attempt.is_repaired):
                later.append(each)
            else:
                yield attempt
        self._adopt_companions()
        for each in later:
            yield self._attempt(each)

    def _finish(self, reconciler: Reconciler) -> Iterator[Attempt]:
        """Bring interrupted work to its end."""
        met = list(reconciler.interrupted())
        if met:
            adopter = self._adopter
            recovery.finish_abandoned(
                adopter.database, adopter.originals, adopter.owner, adopter.clock
            )
            recovery.discard_leftovers(adopter.database, adopter.originals)
        left = set(reconciler.interrupted()) if met else set()
        for each in met:
            yield Attempt(each, each not in left)

    def _attempt(self, each: Difference) -> Attempt:
        method = self._methods.get(each.kind)
        if method is None:
            return Attempt(each, is_repaired=False)
        is_passing = False
        try:
            return Attempt(each, is_repaired=True, why=method(each))
        except errors.DependencyError:
            raise
        except errors.PhotoFactoryError as error:
            why, is_passing = str(error), isinstance(error, errors.TransientError)
        except OSError as error:
            self._originals.folder.known.open(is_for_writing=False).close()  # or the disk has gone
            why = str(error)
        except exc.DBAPIError as error:
            if not databases.is_refused_value(error):
                raise
            why = f"the ledger refuses it: {error.orig}"
        return Attempt(each, is_repaired=False, why=why, is_passing=is_passing)

    def _adopt(self, each: Difference) -> str:
        """Make a content that the ledger lacks an asset, as its folder's record tells."""
        with self._database.read() as session:
            if reconciling.expected_at(session, self._originals.root_id, each.path):
                return "it came with its photo"
        found = self._originals.hash_at(each.path)
        if found is None or found[0] != each.file_hash:
            raise errors.TransientError("it changed while it was looked at")
        record = self._record_of(each)
        self._adopter.adopt(each.path, found[0], record)
        if record is not None and record.links:
            self._adopted.append((each.path.rpartition("/")[0], record))
        return "adopted"

    def _adopt_companions(self) -> None:
        """Sidecars and partners follow once all photos are there."""
        for folder, record in self._adopted:
            self._adopter.adopt_links(folder, record)
        self._adopted.clear()

    def _record_of(self, each: Difference) -> Record | None:
        """What the record of its folder, else that of any other one, says of a content."""
        folder, file_hash = os.fsencode(each.path.rpartition("/")[0]), str(each.file_hash)
        if (own := self._records.find(folder, file_hash)) is not None:
            return own
        if self._index is None:
            self._index = matching.Index()
            for other in archive.walk(self._originals.folder):
                self._index.add(other)
        known = self._index.find(file_hash)
        return self._records.find(known.folder, file_hash) if known else None

    def _repath(self, each: Difference) -> str:
        """Store the new path of an original that was moved by hand."""
        asset_id, now = _asset_of(each), self._adopter.clock.now()
        with original_rows.locked(self._database, asset_id):
            found = self._originals.hash_at(each.path)
            if found is None or found[0] != each.file_hash:
                raise errors.TransientError("it changed while it was looked at")
            if self._originals.is_taken(each.detail):
                raise LeftError("something else stands at its old path")
            is_newer = self._is_record_newer(each)
            if not self._database.run(
                lambda session: reconciling.repath(session, asset_id, each.detail, each.path, now)
            ):
                raise errors.TransientError("its row changed while it was looked at")
        if is_newer:
            self._follow(each)
        else:
            record_writing.write_ledgers_view(self._database, self._originals, [asset_id])
        return "followed"

    def _is_record_newer(self, each: Difference) -> bool:
        """Whether the record where a moved original was found knows more than the ledger."""
        folder, file_hash = os.fsencode(each.path.rpartition("/")[0]), str(each.file_hash)
        record = self._records.find(folder, file_hash)
        if record is None or record.asset_id != each.asset_id:
            return False
        with self._database.read() as session:
            known = original_rows.by_hash(session, [file_hash])[file_hash]  # it has a record
        return record.revision > known.revision or high_water.is_too_old(self._database)

    def _follow(self, each: Difference) -> str:
        """Take what a folder's record says of a known original into a ledger that is older."""
        folder = each.path.rpartition("/")[0]
        record = self._records.find(os.fsencode(folder), str(each.file_hash))
        if record is None or record.asset_id != each.asset_id:
            raise LeftError("the record is another asset's")
        self._adopter.follow(each.path, record)
        self._adopted.append((folder, record))
        return "taken into the ledger"

    def _take_back(self, each: Difference) -> str:
        """Know a photo again that a person removed, and whose original is there."""
        with self._database.read() as session:
            known = original_rows.by_id(session, _asset_of(each))
        if known is None or not known.is_removed:
            return "it is known again"
        wanted, now = reconciling.of_original(known), self._adopter.clock.now()
        in_place = healing.Fresh(None, "its place")
        return str(healing.heal(self._database, self._originals, wanted, in_place, now))

    def _restore(self, each: Difference) -> str:
        """Bring an original, or a sidecar, back from a backup copy."""
        with self._database.read() as session:
            wanted = reconciling.expected_at(session, self._originals.root_id, each.path)
        if wanted is None:
            return "it is elsewhere now"
        now = self._adopter.clock.now()
        restored = healing.restore(self._database, self._originals, wanted, now)
        if restored is None:
            way_out = ", or `forget` it" if wanted.is_original else " together with its photo"
            raise LeftError(f"no copy with its content is there; bring it again{way_out}")
        return f"restored from {restored[0]}: {restored[1]}"

    def _clear(self, each: Difference) -> str:
        """Let a stage run again whose flag is wrong."""
        now, stage, ids = self._adopter.clock.now(), str(each.stage), [_asset_of(each)]
        self._database.run(lambda session: ledger.clear(session, stage, ids, now=now))
        return "the stage runs again"

    def _tell(self, each: Difference) -> str:
        """Write a missing or outdated line into the folder's record."""
        record_writing.write_ledgers_view(self._database, self._originals, [_asset_of(each)])
        return "written"

    def _begin_record(self, each: Difference) -> str:
        """Keep a record that cannot be read aside, and write all that the ledger knows."""
        folder = each.path.rpartition("/")[0]
        aside = record_writing.begin_anew(self._database, self._originals, folder)
        return f"begun anew; what was there is {aside}"


def _asset_of(each: Difference) -> UUID:
    assert each.asset_id is not None  # noqa: S101  every known content, flag and line has one
    return each.asset_id
