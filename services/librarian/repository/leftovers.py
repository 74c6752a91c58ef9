"""Recorded files whose source was to be removed and is not known to be gone."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.arrivals import KEPT
from shared import models


@dataclasses.dataclass(frozen=True, slots=True)
class Leftover:
    """A file at a path of its source, and the original that holds its bytes."""

    file_id: UUID
    path: bytes
    mtime_ns: int
    file_hash: str
    size_bytes: int
    relative_path: str


def of_source(session: orm.Session, source_id: UUID) -> list[Leftover]:
    """Every leftover of a source."""
    return _select(session, models.File.source_id == source_id)


def of_files(session: orm.Session, file_ids: Collection[UUID]) -> list[Leftover]:
    """Those of the files that are leftovers."""
    return _select(session, models.File.id.in_(file_ids))


def _select(session: orm.Session, condition: sa.ColumnElement[bool]) -> list[Leftover]:
    file, asset = models.File, models.MediaAsset
    query = (
        sa.select(
            file.id,
            file.path,
            file.mtime_ns,
            asset.file_hash,
            asset.size_bytes,
            asset.relative_path,
        )
        .join(asset, asset.id == file.asset_id)
        .where(
            condition,
            file.outcome.in_(("filed", "duplicate")),
            file.source_removed_at.is_(None),
            file.superseded_at.is_(None),
            file.reason.is_distinct_from(KEPT),
            file.file_hash == asset.file_hash,
            asset.removed_at.is_(None),
        )
        .order_by(file.path)
    )
    return [
        Leftover(row.id, row.path, row.mtime_ns, row.file_hash, row.size_bytes, row.relative_path)
        for row in session.execute(query)
        if row.relative_path is not None
    ]
