"""The sidecars that the ledger has met: those that wait for their photo, and those filed beside."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.arrivals import WAITING_FOR_PHOTO
from librarian.repository.links import after
from shared import models


@dataclasses.dataclass(frozen=True, slots=True)
class Met:
    """A sidecar met in a folder of a source; `relative_path` is where it is filed, None: waits."""

    file_id: UUID
    path: bytes
    relative_path: str | None


def named_like(session: orm.Session, source_id: UUID, beginnings: Iterable[bytes]) -> list[Met]:
    """The sidecars whose path in the source begins with one of these."""
    low = sorted(set(beginnings))
    if not low:
        return []
    values = {
        "source": source_id,
        "low": low,
        "high": [*map(after, low)],
        "waiting": WAITING_FOR_PHOTO,
    }
    return [Met(*row) for row in session.execute(_NAMED_LIKE, values)]


def wake(session: orm.Session, file_ids: Collection[UUID]) -> None:
    """Let waiting sidecars be tried at once."""
    if file_ids:
        session.execute(
            sa.update(models.File)
            .where(models.File.id.in_(file_ids), models.File.outcome.is_(None))
            .values(next_attempt_at=None)
        )


# The paths first, and each range by itself: nothing but their index is fast (as in pairs.py).
_NAMED_LIKE: Final = sa.text("""
    with met as materialized (
      select f.* from unnest(cast(:low as bytea[]), cast(:high as bytea[])) as i(low, high)
      cross join lateral (select id, path, outcome, asset_id, file_hash from files
        where source_id = :source and superseded_at is null and path >= i.low and path < i.high
          and (outcome in ('companion', 'duplicate') or (outcome is null and reason = :waiting))
          and position('\\x2f'::bytea in substring(path from length(i.low) + 1)) = 0
        order by path) f)
    select distinct m.id, m.path, l.relative_path
    from met m
    left join asset_links l on l.asset_id = m.asset_id and l.file_hash = m.file_hash
    where m.outcome is null or l.relative_path is not null
    order by m.path""")
