"""What the ledger expects among the originals, and what a survey found missing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from shared import event_log, events, ledger

PAGE: Final = 5_000


@dataclasses.dataclass(frozen=True, slots=True)
class Expected:
    """An original as the ledger knows it."""

    asset_id: UUID
    relative_path: str
    path_key: str
    size_bytes: int
    damage: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What a look says of an original: one of damages.FOUND_BY_SURVEY, or None when it is there."""

    asset_id: UUID
    relative_path: str
    damage: str | None


def page(session: orm.Session, root_id: UUID, after: str) -> list[Expected]:
    """The next originals of a root in the order of their path keys."""
    rows = session.execute(_PAGE, {"root": root_id, "after": after, "limit": PAGE})
    return [Expected(*row) for row in rows]


def present(session: orm.Session, root_id: UUID, asset_ids: Sequence[UUID]) -> dict[UUID, Expected]:
    """Those of the originals that the root should hold now, by asset."""
    rows = session.execute(_PRESENT, {"root": root_id, "ids": list(asset_ids)})
    return {row.id: Expected(*row) for row in rows}


def note(session: orm.Session, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Store damages, and tell of each that is new; one that is there again loses its damage."""
    ids = [each.asset_id for each in verdicts]
    if not ids:
        return
    values = {"ids": ids, "damages": [each.damage for each in verdicts]}
    changed = set(session.scalars(_NOTE, values))
    ledger.refresh_errors(session, sorted(changed), now=now)
    revisions = ledger.lock(session, sorted(changed))
    told = [
        events.AssetMissingV1(
            asset_id=each.asset_id,
            revision=revisions[each.asset_id],
            relative_path=each.relative_path,
            reason=each.damage,
        )
        for each in verdicts
        if each.asset_id in revisions and each.damage is not None
    ]
    event_log.append(session, told, now=now)


_PAGE: Final = sa.text("""
    select id, relative_path, path_key, size_bytes, damage from media_assets
    where root_id = :root and path_key > :after and relative_path is not null
      and removed_at is null
    order by path_key limit :limit""")

_PRESENT: Final = sa.text("""
    select id, relative_path, path_key, size_bytes, damage from media_assets
    where root_id = :root and id = any(cast(:ids as uuid[])) and relative_path is not null
      and removed_at is null""")

_NOTE: Final = sa.text("""
    update media_assets a set damage = coalesce(i.damage, a.metadata ->> 'problem')
    from unnest(cast(:ids as uuid[]), cast(:damages as text[])) as i(id, damage)
    where a.id = i.id
      and a.damage is distinct from coalesce(i.damage, a.metadata ->> 'problem')
    returning a.id""")
