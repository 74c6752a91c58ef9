"""Pairs in the ledger: halves that are filed, their links, partners that stand apart."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.domain import naming, pairs
from librarian.domain.pairs import Half, Known
from librarian.repository import filings, links
from shared import jobs

JOB: Final = "move"
"""The type of the job that brings partners to their pictures."""

FOLLOWS: Final = "follows"
"""The key of `job_assets.after` that says so."""


@dataclasses.dataclass(frozen=True, slots=True)
class Follower:
    """A partner, and the folder where its picture will be."""

    asset_id: UUID
    picture_id: UUID
    relative_path: str
    folder: str


def candidates(session: orm.Session, root_id: UUID, halves: Sequence[Half]) -> list[Half]:
    """The filed halves that may be of one pair with these; one asset may be several.

    A file that came again (a duplicate) was in that folder too.
    """
    found = _identified(session, root_id, halves)
    for source_id in {half.folder[0] for half in halves if half.folder}:
        low = sorted({each for half in halves for each in _beginnings(half)})
        values = {"root": root_id, "source": source_id, "evidence": list(pairs.EVIDENCE)}
        rows = session.execute(_NEAR, values | {"low": low, "high": [*map(links.after, low)]})
        for row in rows:
            folder, _, name = row.path.rpartition(b"/")
            found.append(_half(row, os.fsdecode(name), (source_id, folder)))
    return found


def gather(session: orm.Session, picture_ids: Collection[UUID], now: datetime) -> None:
    """Ask for the move of the partners of these pictures that do not stand beside them."""
    if not picture_ids:
        return
    ids = session.scalars(
        _PARTNERS, {"ids": list(picture_ids), "evidence": list(pairs.EVIDENCE)}
    ).all()
    apart = paths_beside(session, ids)
    if apart:
        job_id = session.scalar(_WAITING_JOB, {"type": JOB})
        job_id = job_id or jobs.request(session, JOB, {}, now=now)
        session.execute(_FOLLOW, {"job": job_id, "ids": sorted(apart)})


def paths_beside(session: orm.Session, partner_ids: Collection[UUID]) -> dict[UUID, str]:
    """The paths under which partners would stand beside their pictures; without those that do.

    One in the right folder whose right name is taken stays where it is.
    """
    if not partner_ids:
        return {}
    values = {"ids": list(partner_ids), "evidence": list(pairs.EVIDENCE)}
    wanted = [(row, _beside(row)) for row in session.execute(_APART, values)]
    taken: set[tuple[UUID, str]] = set()
    for root_id in {row.root_id for row, _ in wanted}:
        keys = [naming.path_key(path) for row, path in wanted if row.root_id == root_id]
        taken |= {(root_id, key) for key in filings.taken_keys(session, root_id, keys)}
    return {
        row.id: path
        for row, path in wanted
        if row.relative_path.rpartition("/")[0] != path.rpartition("/")[0]
        or (row.root_id, naming.path_key(path)) not in taken
    }


def followers(session: orm.Session, folders: Mapping[UUID, str]) -> list[Follower]:
    """The partners of pictures that go to other folders, which go there with them."""
    values = {"ids": list(folders), "evidence": list(pairs.EVIDENCE)}
    return [
        Follower(row.id, row.picture_id, row.relative_path, folders[row.picture_id])
        for row in session.execute(_FOLLOWERS, values)
    ]


def _identified(session: orm.Session, root_id: UUID, halves: Sequence[Half]) -> list[Half]:
    """Those with an identifier of these, wherever they came from, unless too many files have it."""
    wanted = {half.known.live_photo_id for half in halves} - {None}
    if not wanted:
        return []
    values = {"root": root_id, "ids": list(wanted), "evidence": list(pairs.EVIDENCE)}
    found = [_half(row, row.original_name, None) for row in session.execute(_IDENTIFIED, values)]
    counts = Counter(half.known.live_photo_id for half in found)
    return [half for half in found if counts[half.known.live_photo_id] <= pairs.MOST]


def _beginnings(half: Half) -> set[bytes]:
    """What the paths of those begin with that may be of one name with a half, in any usual case."""
    assert half.folder is not None  # noqa: S101  it is to be filed
    folder, name = half.folder[1], pairs.stem(half.name)
    path = folder + b"/" if folder else b""
    return {path + os.fsencode(form + ".") for form in (name, name.lower(), name.upper())}


def _beside(row: Any) -> str:  # noqa: ANN401  a row
    """The path beside its picture that a partner would have."""
    name = row.relative_path.rpartition("/")[2]
    folder = row.picture_path.rpartition("/")[0]
    return f"{folder}/{pairs.beside(row.picture_path, name)}"


def _half(row: Any, name: str, folder: tuple[UUID, bytes] | None) -> Half:  # noqa: ANN401  a row
    known = Known.of(row.asset, row.dates)
    return Half(row.id, name, folder, known, row.relative_path, frozenset(row.linked))


LEADER: Final = """select l.asset_id, x.relative_path from asset_links l
      join media_assets x on x.id = l.asset_id and x.removed_at is null
        and x.relative_path is not null and x.root_id = a.root_id
      where l.linked_asset_id = a.id and l.evidence = any(cast(:evidence as text[]))
      order by lower(regexp_replace(x.original_name, '\\.[^.]*$', ''))
          <> lower(regexp_replace(a.original_name, '\\.[^.]*$', '')), x.ingested_at, x.id
      limit 1"""
"""The picture that an asset `a` stands beside: that of its own name, else the first one."""

_HALF: Final = """a.id, a.original_name, a.relative_path, to_jsonb(a) as asset,
      to_jsonb(d) as dates,
      array(select l.kind from asset_links l where (l.asset_id = a.id or l.linked_asset_id = a.id)
        and l.evidence = any(cast(:evidence as text[]))) as linked"""

_FILED: Final = """a.root_id = :root and a.relative_path is not null and a.removed_at is null
      and a.metadata is not null"""

# The paths first, and each range by itself: nothing but their index is fast, and the planner knows
# neither how few they are nor how short the ranges.
_NEAR: Final = sa.text(f"""
    with near as materialized (
      select f.path, f.asset_id
      from unnest(cast(:low as bytea[]), cast(:high as bytea[])) as i(low, high)
      cross join lateral (select path, asset_id from files
        where source_id = :source and superseded_at is null and path >= i.low and path < i.high
          and outcome in ('filed', 'duplicate')
          and position('\\x2f'::bytea in substring(path from length(i.low) + 1)) = 0
        order by path) f)
    select n.path, {_HALF}
    from near n join media_assets a on a.id = n.asset_id and {_FILED}
    join asset_dates d on d.asset_id = a.id
    order by a.ingested_at, a.id""")

# Each identifier by itself, and not many more files than tell that it is no use.
_IDENTIFIED: Final = sa.text(f"""
    select {_HALF}
    from unnest(cast(:ids as text[])) as i(id)
    cross join lateral (select * from media_assets a
      where a.metadata ->> 'live_photo_id' = i.id and {_FILED}
      order by a.ingested_at, a.id limit {pairs.MOST + 1}) a
    join asset_dates d on d.asset_id = a.id
    order by a.ingested_at, a.id""")

_PARTNERS: Final = sa.text("""
    select distinct l.linked_asset_id from asset_links l
    where l.asset_id = any(cast(:ids as uuid[])) and l.linked_asset_id is not null
      and l.evidence = any(cast(:evidence as text[]))""")

_APART: Final = sa.text(f"""
    select a.id, a.root_id, a.relative_path, p.relative_path as picture_path
    from media_assets a cross join lateral ({LEADER}) p
    where a.id = any(cast(:ids as uuid[])) and a.relative_path is not null
      and a.removed_at is null
    order by a.id""")

_FOLLOWERS: Final = sa.text(f"""
    select a.id, a.relative_path, p.asset_id as picture_id
    from media_assets a cross join lateral ({LEADER}) p
    where p.asset_id = any(cast(:ids as uuid[])) and a.relative_path is not null
      and a.removed_at is null and a.id in (
        select linked_asset_id from asset_links where asset_id = any(cast(:ids as uuid[])))
    order by a.relative_path""")

_WAITING_JOB: Final = sa.text("""
    select id from jobs where type = :type and state = 'pending'
    order by created_at, id limit 1 for update skip locked""")

_FOLLOW: Final = sa.text(f"""
    insert into job_assets (job_id, asset_id, before, after, state)
    select :job, i.id, '{{}}', jsonb_build_object('{FOLLOWS}', true), 'planned'
    from unnest(cast(:ids as uuid[])) as i(id)
    on conflict do nothing""")
