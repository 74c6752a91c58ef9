"""Certain pairs in the ledger: halves that are filed, their links, partners that stand apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.domain import naming, pairs
from librarian.domain.links import CERTAIN
from librarian.domain.pairs import Half, Taken
from librarian.repository import filings, links
from shared import jobs

JOB: Final = "move"
"""The type of the job that brings partners to their pictures."""

FOLLOWS: Final = "follows"
"""The key of `job_assets.after` that says so."""


def near(
    session: orm.Session, root_id: UUID, source_id: UUID, beginnings: Iterable[bytes]
) -> list[Half]:
    """The filed halves that came to the same folder of a source under a name that begins so."""
    low = sorted(set(beginnings))
    if not low:
        return []
    values = {"root": root_id, "source": source_id, "certain": list(CERTAIN)}
    rows = session.execute(_NEAR, values | {"low": low, "high": [*map(links.after, low)]})
    return [_half(row, (source_id, row.path.rpartition(b"/")[0])) for row in rows]


def identified(session: orm.Session, root_id: UUID, identifiers: Collection[str]) -> list[Half]:
    """The filed halves of Live Photos with these identifiers, wherever they came from.

    Left out are those whose identifier too many files have.
    """
    if not identifiers:
        return []
    values = {"root": root_id, "ids": sorted(identifiers), "certain": list(CERTAIN)}
    found = [_half(row, None) for row in session.execute(_IDENTIFIED, values)]
    counts = Counter(half.live_photo_id for half in found)
    return [half for half in found if counts[half.live_photo_id] <= pairs.MOST]


def link(
    session: orm.Session, kind: str, picture_id: UUID, partner_id: UUID, evidence: str
) -> None:
    """Link two assets, if both are (still) known and not linked so."""
    values = {"kind": kind, "a": picture_id, "b": partner_id, "evidence": evidence}
    session.execute(_LINK, values)


def gather(session: orm.Session, picture_ids: Collection[UUID], now: datetime) -> None:
    """Ask for the move of the partners of these pictures that do not stand beside them."""
    if not picture_ids:
        return
    ids = session.scalars(_PARTNERS, {"ids": list(picture_ids), "certain": list(CERTAIN)}).all()
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
    values = {"ids": list(partner_ids), "certain": list(CERTAIN)}
    found = {}
    for row in session.execute(_APART, values):
        folder, _, name = row.relative_path.rpartition("/")
        wanted_folder = row.picture_path.rpartition("/")[0]
        path = f"{wanted_folder}/{pairs.beside(row.picture_path, name)}"
        is_taken = filings.taken_keys(session, row.root_id, [naming.path_key(path)])
        if folder != wanted_folder or not is_taken:
            found[row.id] = path
    return found


def _half(row: Any, folder: tuple[UUID, bytes] | None) -> Half:  # noqa: ANN401  a row
    return Half(
        asset_id=row.id,
        name=row.original_name,
        folder=folder,
        media_type=row.media_type,
        live_photo_id=row.live_photo_id,
        taken=Taken(
            row.captured_local,
            row.utc_offset_minutes,
            row.offset_source,
            row.captured_at_source,
            row.time_known,
        ),
        position=(row.location["lat"], row.location["lon"]) if row.location else None,
        altitude_m=row.altitude_m,
        relative_path=row.relative_path,
        linked=frozenset(row.linked),
    )


LEADER: Final = """select l.asset_id, x.relative_path from asset_links l
      join media_assets x on x.id = l.asset_id and x.removed_at is null
        and x.relative_path is not null and x.root_id = a.root_id
      where l.linked_asset_id = a.id and l.evidence = any(cast(:certain as text[]))
      order by lower(regexp_replace(x.original_name, '\\.[^.]*$', ''))
          <> lower(regexp_replace(a.original_name, '\\.[^.]*$', '')), x.ingested_at, x.id
      limit 1"""
"""The picture that an asset `a` stands beside: that of its own name, else the first one."""

_HALF: Final = """a.id, a.original_name, a.media_type, a.metadata ->> 'live_photo_id'
      as live_photo_id, a.captured_local, a.utc_offset_minutes, a.offset_source,
      a.captured_at_source, coalesce(d.time_known, false) as time_known, a.location,
      (a.metadata ->> 'altitude_m')::float8 as altitude_m, a.relative_path,
      array(select l.kind from asset_links l where (l.asset_id = a.id or l.linked_asset_id = a.id)
        and l.evidence = any(cast(:certain as text[]))) as linked"""

_FILED: Final = """a.root_id = :root and a.relative_path is not null and a.removed_at is null
      and a.media_type is not null"""

_NEAR: Final = sa.text(f"""
    select f.path, {_HALF}
    from unnest(cast(:low as bytea[]), cast(:high as bytea[])) as i(low, high)
    join files f on f.source_id = :source and f.superseded_at is null
      and f.path >= i.low and f.path < i.high
    join media_assets a on a.id = f.asset_id and {_FILED}
    left join asset_dates d on d.asset_id = a.id
    where f.outcome = 'filed'
      and position('\\x2f'::bytea in substring(f.path from length(i.low) + 1)) = 0
    order by a.ingested_at, a.id""")

_IDENTIFIED: Final = sa.text(f"""
    select {_HALF} from media_assets a left join asset_dates d on d.asset_id = a.id
    where a.metadata ->> 'live_photo_id' = any(cast(:ids as text[])) and {_FILED}
    order by a.ingested_at, a.id""")

_LINK: Final = sa.text("""
    insert into asset_links (asset_id, kind, linked_asset_id, evidence)
    select a.id, :kind, b.id, :evidence from media_assets a, media_assets b
    where a.id = :a and b.id = :b
    on conflict do nothing""")

_PARTNERS: Final = sa.text("""
    select distinct l.linked_asset_id from asset_links l
    where l.asset_id = any(cast(:ids as uuid[])) and l.linked_asset_id is not null
      and l.evidence = any(cast(:certain as text[]))""")

_APART: Final = sa.text(f"""
    select a.id, a.root_id, a.relative_path, p.relative_path as picture_path
    from media_assets a cross join lateral ({LEADER}) p
    where a.id = any(cast(:ids as uuid[])) and a.relative_path is not null
      and a.removed_at is null
    order by a.id""")

_WAITING_JOB: Final = sa.text("""
    select id from jobs where type = :type and state = 'pending'
    order by created_at, id limit 1 for update skip locked""")

_FOLLOW: Final = sa.text(f"""
    insert into job_assets (job_id, asset_id, before, after, state)
    select :job, i.id, '{{}}', jsonb_build_object('{FOLLOWS}', true), 'planned'
    from unnest(cast(:ids as uuid[])) as i(id)
    on conflict do nothing""")
