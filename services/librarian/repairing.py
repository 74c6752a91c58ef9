"""Differences between disk and ledger that can be repaired safely are, each looked at again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import Final

import structlog
from sqlalchemy import exc

from librarian import high_water, reconcile, records, recovery
from librarian.adoption import Adopter
from librarian.reconcile import Difference
from librarian.repository import originals as original_rows
from librarian.repository import reconciling
from shared import ledger

log = structlog.get_logger()

REPAIRABLE: Final = frozenset(
    (
        reconcile.UNFINISHED,
        reconcile.TEMPORARY,
        reconcile.MOVED,
        reconcile.UNRECORDED,
        reconcile.STALE,
        reconcile.NO_LINE,
        reconcile.NEWER,
    )
)


class Repairer:
    """Repairs what REPAIRABLE names; what is missing or changed is left to a person or a heal."""

    def __init__(self, adopter: Adopter) -> None:
        self._adopter = adopter
        self._database = adopter.database
        self._originals = adopter.originals

    def repair(self, differences: Iterable[Difference]) -> Counter[str]:
        """How many differences of each kind are repaired."""
        repaired: Counter[str] = Counter()
        is_interrupted = False
        methods = {
            reconcile.MOVED: self._repath,
            reconcile.UNRECORDED: self._adopt,
            reconcile.STALE: self._clear,
            reconcile.NO_LINE: self._tell,
            reconcile.NEWER: self._follow,
        }
        for each in differences:
            is_interrupted |= each.kind in {reconcile.UNFINISHED, reconcile.TEMPORARY}
            if each.kind in methods and methods[each.kind](each):
                repaired[each.kind] += 1
        if is_interrupted:
            adopter = self._adopter
            repaired[reconcile.UNFINISHED] = recovery.finish_abandoned(
                adopter.database, adopter.originals, adopter.owner, adopter.clock
            )
            repaired[reconcile.TEMPORARY] = recovery.discard_leftovers(
                adopter.database, adopter.originals
            )
        return +repaired

    def _adopt(self, each: Difference) -> bool:
        """Make a content that the ledger lacks an asset, as its folder's record tells."""
        folder, _, _ = each.path.rpartition("/")
        found = self._originals.hash_at(each.path)
        if found is None or found[0] != each.file_hash:
            return False
        record = self.record_of(folder, found[0])
        try:
            asset_id = self._adopter.adopt(each.path, found[0], record)
        except exc.DBAPIError as error:
            log.warning("asset.not_adopted", path=each.path, why=str(error.orig))
            return False
        if asset_id is not None and record is not None:
            self._adopter.adopt_links(folder, record)
        return asset_id is not None

    def record_of(self, folder: str, file_hash: str) -> records.Record | None:
        """What a folder's record says of a content."""
        descriptor = self._originals.folder.open_folder(os.fsencode(folder))
        try:
            told = records.read(descriptor).values()
        finally:
            os.close(descriptor)
        return next((record for record in told if record.file_hash == file_hash), None)

    def _repath(self, each: Difference) -> bool:
        """Store the new path of an original that was moved by hand."""
        asset_id, now = each.asset_id, self._adopter.clock.now()
        if asset_id is None:
            return False
        with original_rows.locked(self._database, asset_id):
            is_there = (self._originals.hash_at(each.path) or ("",))[0] == each.file_hash
            if not is_there or self._originals.is_taken(each.detail):
                return False
            is_newer = self._is_record_newer(each)
            is_stored = self._database.run(
                lambda session: reconciling.repath(session, asset_id, each.detail, each.path, now)
            )
        if is_stored and not (is_newer and self._follow(each)):
            recovery.write_ledgers_view(self._database, self._originals, [asset_id])
        return is_stored

    def _is_record_newer(self, each: Difference) -> bool:
        """Whether the record where a moved original was found knows more than the ledger."""
        record = self.record_of(each.path.rpartition("/")[0], each.file_hash or "")
        with self._database.read() as session:
            known = original_rows.by_hash(session, [each.file_hash or ""]).get(each.file_hash or "")
        if record is None or known is None:
            return False
        return record.revision > known.revision or high_water.is_too_old(self._database)

    def _follow(self, each: Difference) -> bool:
        """Take what a folder's record says of a known original into a ledger that is older."""
        folder = each.path.rpartition("/")[0]
        record = self.record_of(folder, each.file_hash or "")
        if record is None or record.asset_id != each.asset_id:
            return False
        self._adopter.follow(each.path, record)
        self._adopter.adopt_links(folder, record)
        return True

    def _clear(self, each: Difference) -> bool:
        """Let a stage run again whose flag is wrong."""
        asset_id, stage, now = each.asset_id, each.stage, self._adopter.clock.now()
        if asset_id is None or stage is None:
            return False
        changed = self._database.run(
            lambda session: ledger.clear(session, stage, [asset_id], now=now)
        )
        return bool(changed)

    def _tell(self, each: Difference) -> bool:
        """Write a missing or outdated line into the folder's record."""
        if each.asset_id is not None:
            recovery.write_ledgers_view(self._database, self._originals, [each.asset_id])
        return each.asset_id is not None
