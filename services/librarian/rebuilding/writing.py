"""Writes restored rows, each batch in one transaction with its events."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
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

Arrival: TypeAlias = "tuple[Record | None, tuple[Link, Looked] | None, str | None]"
"""A record, the sidecar of its photo that is meant, and what damage the photo has."""


class Writer:
    """The ledger, as a rebuild writes it; or as adoption does, for one that is in use.

    Arrivals are history until the rebuild has written all of them; in a ledger in use they count at
    once where no later one at their path does.
    """

    def __init__(
        self, database: Database, catalog_id: UUID, now: datetime, *, is_in_use: bool = False
    ) -> None:
        self._database = database
        self._catalog_id = catalog_id
        self._now = now
        self._is_in_use = is_in_use

    def assets(self, restored: Sequence[Restored]) -> set[UUID]:
        """Write assets; the ids of those whose content, id and place were free."""
        by_hash = {each.asset["file_hash"]: each for each in reversed(restored)}
        first = {each.asset_id: each for each in by_hash.values()}
        if not first:
            return set()
        written = self._database.run(lambda session: self._assets(session, first))
        faults.point("rebuild.recorded")
        return written

    def sidecars(self, place: Place, told: Sequence[tuple[Looked, Sidecar]]) -> set[bytes]:
        """Link sidecars to their photos; the paths of those that were not linked before."""
        if not told:
            return set()
        written = self._database.run(lambda session: self._sidecars(session, place, told))
        faults.point("rebuild.sidecars")
        return written

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
        self._tell_arrivals(session, [(each.record, None, each.asset["damage"]) for each in ours])
        event_log.append(session, [_ingested(each.asset) for each in ours], now=self._now)
        return written

    def _sidecars(
        self, session: orm.Session, place: Place, told: Sequence[tuple[Looked, Sidecar]]
    ) -> set[bytes]:
        linked = [rows.sidecar_row(looked, place, of.asset_id, of.link) for looked, of in told]
        paths = {os.fsencode(path) for path in rebuilding.insert_sidecars(session, linked)}
        ours = [(looked, of) for looked, of in told if looked.entry.path in paths]
        arrived = [(of.record, (of.link, looked), None) for looked, of in ours]
        self._tell_arrivals(session, [each for each in arrived if each[1][0].original_path])
        return paths

    def _tell_arrivals(self, session: orm.Session, told: Sequence[Arrival]) -> None:
        """Write where photos and sidecars came from, as far as records tell it."""
        known = [each for each in told if each[0] is not None and each[0].source_path]
        names = {record.source_path: record.source for record, _, _ in known if record}
        sources = rebuilding.sources_of(session, self._catalog_id, names)
        found = [
            _occurrence(sources[record.source_path], record, sidecar, damage)
            for record, sidecar, damage in known
            if record
        ]
        rebuilding.insert_occurrences(session, found)
        if self._is_in_use:
            rebuilding.revive(session, {each.asset_id for each in found})


def _occurrence(
    source: tuple[UUID, bool],
    record: Record,
    sidecar: tuple[Link, Looked] | None,
    damage: str | None,
) -> Occurrence:
    """Where a photo, or a sidecar of it, came from."""
    source_id, is_moved = source
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
