"""Recorded files whose source was to be removed and is not known to be gone."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.arrivals import KEPT
from shared import models, ownership

PAGE: Final = 1_000


@dataclasses.dataclass(frozen=True, slots=True)
class Leftover:
    """A file at a path of its source, and the original that holds its bytes."""

    file_id: UUID
    path: bytes
    mtime_ns: int
    file_hash: str
    size_bytes: int
    relative_path: str


def of_source(session: orm.Session, source_id: UUID, owner: int, after: bytes) -> list[Leftover]:
    """The next leftovers of a source by path, but for those that another living owner is at."""
    mine = sa.or_(models.File.owner == owner, sa.text(ownership.is_free("files.owner")))
    behind = sa.and_(models.File.source_id == source_id, models.File.path > after)
    return _select(session, sa.and_(behind, mine), PAGE)


def of_files(session: orm.Session, file_ids: Collection[UUID]) -> list[Leftover]:
    """Those of the files that are leftovers."""
    return _select(session, models.File.id.in_(file_ids))


def _select(
    session: orm.Session, condition: sa.ColumnElement[bool], limit: int | None = None
) -> list[Leftover]:
    file, asset, sidecar = models.File, models.MediaAsset, models.AssetLink
    is_sidecar = sa.and_(sidecar.asset_id == file.asset_id, sidecar.file_hash == file.file_hash)
    relative_path = sa.func.coalesce(sidecar.relative_path, asset.relative_path)
    query = (
        sa.select(
            file.id,
            file.path,
            file.mtime_ns,
            file.file_hash,
            sa.func.coalesce(sidecar.size_bytes, asset.size_bytes).label("size_bytes"),
            relative_path.label("relative_path"),
        )
        .join(asset, asset.id == file.asset_id)
        .outerjoin(sidecar, is_sidecar)
        .where(
            condition,
            file.outcome.in_(("filed", "duplicate", "companion")),
            file.source_removed_at.is_(None),
            file.superseded_at.is_(None),
            file.file_hash.is_not(None),
            relative_path.is_not(None),
            file.reason.is_distinct_from(KEPT),
            sa.or_(file.file_hash == asset.file_hash, sidecar.id.is_not(None)),
            asset.removed_at.is_(None),
        )
        .order_by(file.path)
        .limit(limit)
    )
    return [
        Leftover(row.id, row.path, row.mtime_ns, row.file_hash, row.size_bytes, row.relative_path)
        for row in session.execute(query)
    ]
