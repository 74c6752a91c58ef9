"""Recorded files whose source was to be removed and is not known to be gone."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.arrivals import KEPT
from shared import models, ownership


@dataclasses.dataclass(frozen=True, slots=True)
class Leftover:
    """A file at a path of its source, and the original that holds its bytes."""

    file_id: UUID
    path: bytes
    mtime_ns: int
    file_hash: str
    size_bytes: int
    relative_path: str


def of_source(session: orm.Session, source_id: UUID, owner: int) -> list[Leftover]:
    """Every leftover of a source, but for those that another living owner is at."""
    mine = sa.or_(models.File.owner == owner, sa.text(ownership.is_free("files.owner")))
    return _select(session, sa.and_(models.File.source_id == source_id, mine))


def of_files(session: orm.Session, file_ids: Collection[UUID]) -> list[Leftover]:
    """Those of the files that are leftovers."""
    return _select(session, models.File.id.in_(file_ids))


def _select(session: orm.Session, condition: sa.ColumnElement[bool]) -> list[Leftover]:
    file, asset, sidecar = models.File, models.MediaAsset, models.AssetLink
    is_sidecar = sa.and_(sidecar.asset_id == file.asset_id, sidecar.file_hash == file.file_hash)
    query = (
        sa.select(
            file.id,
            file.path,
            file.mtime_ns,
            file.file_hash,
            sa.func.coalesce(sidecar.size_bytes, asset.size_bytes).label("size_bytes"),
            sa.func.coalesce(sidecar.relative_path, asset.relative_path).label("relative_path"),
        )
        .join(asset, asset.id == file.asset_id)
        .outerjoin(sidecar, is_sidecar)
        .where(
            condition,
            file.outcome.in_(("filed", "duplicate", "companion")),
            file.source_removed_at.is_(None),
            file.superseded_at.is_(None),
            file.reason.is_distinct_from(KEPT),
            sa.or_(file.file_hash == asset.file_hash, sidecar.id.is_not(None)),
            asset.removed_at.is_(None),
        )
        .order_by(file.path)
    )
    return [
        Leftover(row.id, row.path, row.mtime_ns, row.file_hash, row.size_bytes, row.relative_path)
        for row in session.execute(query)
        if row.relative_path is not None and row.file_hash is not None
    ]
