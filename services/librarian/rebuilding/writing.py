"""Writes restored rows, each batch in one transaction with its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import orm

from librarian.domain.facts import CompanionFacts
from librarian.rebuilding import rows
from librarian.rebuilding.matching import Sidecar
from librarian.rebuilding.rows import Looked, Place, Restored
from librarian.records import Link, Record
from librarian.repository import dates, rebuilding
from librarian.repository.rebuilding import Occurrence
from shared import event_log, events, faults
from shared.database import Database


class Writer:
    """The ledger, as a rebuild writes it."""

    def __init__(self, database: Database, catalog_id: UUID, now: datetime) -> None:
        self._database = database
        self._catalog_id = catalog_id
        self._now = now

    def assets(self, restored: Sequence[Restored]) -> set[UUID]:
        """Write assets; the ids of those whose content, id and place were free."""
        by_hash = {each.asset["file_hash"]: each for each in reversed(restored)}
        first = {each.asset_id: each for each in by_hash.values()}
        if not first:
            return set()
        written = self._database.run(lambda session: self._assets(session, first))
        faults.point("rebuild.recorded")
        return written

    def sidecar(self, looked: Looked, place: Place, found: Sidecar | None) -> bool:
        """Write a sidecar's link to its photo; False without a photo, or if it is linked."""
        if found is None:
            return False
        row = rows.sidecar_row(looked, place, found.asset_id, found.link)
        is_new = self._database.run(lambda session: self._sidecar(session, looked, row, found))
        faults.point("rebuild.sidecar")
        return is_new

    def _assets(self, session: orm.Session, by_id: Mapping[UUID, Restored]) -> set[UUID]:
        written = rebuilding.insert_assets(
            session,
            [each.asset for each in by_id.values()],
            {asset_id: each.dates for asset_id, each in by_id.items()},
        )
        ours = [each for asset_id, each in by_id.items() if asset_id in written]
        for each in ours:
            if each.placed_by:
                dates.locate(session, each.asset_id, CompanionFacts(**each.placed_by), self._now)
        arrived = [
            self._occurrence(session, each.record, None, each.asset["damage"])
            for each in ours
            if each.record and each.record.source_path
        ]
        rebuilding.insert_occurrences(session, arrived)
        event_log.append(session, [_ingested(each.asset) for each in ours], now=self._now)
        return written

    def _sidecar(
        self, session: orm.Session, looked: Looked, row: dict[str, Any], found: Sidecar
    ) -> bool:
        if not rebuilding.insert_sidecars(session, [row]):
            return False
        record = found.record
        if record and record.source_path and found.link.original_path:
            occurrence = self._occurrence(session, record, (found.link, looked))
            rebuilding.insert_occurrences(session, [occurrence])
        return True

    def _occurrence(
        self,
        session: orm.Session,
        record: Record,
        sidecar: tuple[Link, Looked] | None,
        damage: str | None = None,
    ) -> Occurrence:
        """Where a photo, or a sidecar of it, came from."""
        source_id, is_moved = rebuilding.source_of(
            session, self._catalog_id, record.source, record.source_path
        )
        link, looked = sidecar or (None, None)
        return Occurrence(
            source_id=source_id,
            path=rows.path_in_source(record, link),
            original_name=(link.original_name if link else None) or record.original_name,
            size_bytes=looked.entry.size_bytes if looked else record.size_bytes,
            mtime_ns=looked.entry.mtime_ns if looked else record.mtime_ns,
            outcome="companion" if looked else "filed",
            file_hash=looked.file_hash if looked else record.file_hash,
            asset_id=record.asset_id,
            first_seen_at=record.arrived_at,
            decided_at=record.ingested_at,
            is_moved=is_moved,
            damage=damage,
        )


def _ingested(asset: dict[str, Any]) -> events.AssetIngestedV1:
    names = (
        "revision", "file_hash", "original_name", "relative_path", "size_bytes", "media_type",
        "mime_type", "captured_at", "captured_at_source", "date_confidence",
    )  # fmt: skip
    told = {name: asset[name] for name in names}
    has_location = asset["location"] is not None
    return events.AssetIngestedV1.model_validate(
        {"asset_id": asset["id"], "has_location": has_location, "is_restored": True, **told}
    )
