"""Companions of assets: other assets and filed sidecars; and the files that may be such."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm


@dataclasses.dataclass(frozen=True, slots=True)
class Relative:
    """A file met in a folder of a source, and its asset if it has one."""

    path: bytes
    outcome: str | None
    asset_id: UUID | None


@dataclasses.dataclass(frozen=True, slots=True)
class Sibling:
    """An asset that may be the complete version of a damaged one, or the damaged one."""

    asset_id: UUID
    file_hash: str
    size_bytes: int


def named_like(
    session: orm.Session, source_id: UUID, beginnings: Iterable[bytes]
) -> list[Relative]:
    """The files whose path in the source begins with one of these and stays in that folder."""
    wanted = sorted(set(beginnings))
    if not wanted:
        return []
    rows = session.execute(
        _NAMED_LIKE,
        {"source": source_id, "low": wanted, "high": [after(beginning) for beginning in wanted]},
    )
    return [Relative(*row) for row in rows]


def damaged_like(session: orm.Session, asset_ids: Sequence[UUID]) -> list[tuple[Sibling, Sibling]]:
    """Pairs of a damaged, shorter asset and one of these that may be the whole picture."""
    rows = session.execute(_DAMAGED_LIKE, {"ids": list(asset_ids)})
    return [(Sibling(*row[0:3]), Sibling(*row[3:6])) for row in rows]


def link(
    session: orm.Session, kind: str, asset_id: UUID, linked_asset_id: UUID, evidence: str
) -> bool:
    """Link two assets; False if they are already, or one is not known any more."""
    values = {"kind": kind, "a": asset_id, "b": linked_asset_id, "evidence": evidence}
    return session.execute(_LINK, values).first() is not None


def after(beginning: bytes) -> bytes:
    """The first byte string behind all that begin so."""
    trimmed = beginning.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else b"\xff" * 64


_LINK: Final = sa.text("""
    insert into asset_links (asset_id, kind, linked_asset_id, evidence)
    select a.id, :kind, b.id, :evidence from media_assets a, media_assets b
    where a.id = :a and b.id = :b
    on conflict do nothing returning id""")

_NAMED_LIKE: Final = sa.text("""
    select f.path, f.outcome, f.asset_id
    from unnest(cast(:low as bytea[]), cast(:high as bytea[])) as i(low, high)
    cross join lateral (select path, outcome, asset_id from files
      where source_id = :source and superseded_at is null and path >= i.low and path < i.high
        and position('\\x2f'::bytea in substring(path from length(i.low) + 1)) = 0
      order by path) f
    order by f.path""")

_DAMAGED_LIKE: Final = sa.text("""
    select d.id, d.file_hash, d.size_bytes, a.id, a.file_hash, a.size_bytes
    from media_assets a join media_assets d on d.damage is not null
      and d.mime_type = a.mime_type and d.size_bytes < a.size_bytes
      and (split_part(lower(d.original_name), '.', 1) = split_part(lower(a.original_name), '.', 1)
        or d.captured_local = a.captured_local)
    where a.id = any(cast(:ids as uuid[])) and a.damage is null
    order by d.id limit 100""")
