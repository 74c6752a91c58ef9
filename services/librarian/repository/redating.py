"""The rows behind redates: dates with their evidence, what a job plans, and what it has done."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.domain import naming, pairs, tag_names
from librarian.domain.facts import CompanionFacts, Facts
from librarian.redating import items as items_
from librarian.redating.criteria import Criteria
from librarian.redating.decisions import Decision, New, Stored
from librarian.repository.pairs import LEADER
from shared import models

Item = models.JobAsset


@dataclasses.dataclass(frozen=True, slots=True)
class Sidecar:
    """A companion file of an asset."""

    link_id: UUID
    relative_path: str
    file_hash: str
    size_bytes: int


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """Where an asset's original and its sidecars are now."""

    asset_id: UUID
    root_id: UUID | None
    relative_path: str | None
    received_name: bytes | None
    file_hash: str
    size_bytes: int
    sidecars: tuple[Sidecar, ...]

    def contents(self) -> dict[str, tuple[str, int]]:
        """Hash and size by path, of the original and its sidecars."""
        files = {each.relative_path: (each.file_hash, each.size_bytes) for each in self.sidecars}
        return {**files, str(self.relative_path): (self.file_hash, self.size_bytes)}


def known(session: orm.Session) -> dict[UUID | None, int]:
    """How many photos the library has, by root; None = merely referenced."""
    asset = models.MediaAsset
    query = sa.select(asset.root_id, sa.func.count()).where(asset.removed_at.is_(None))
    return {row[0]: row[1] for row in session.execute(query.group_by(asset.root_id))}


def page(
    session: orm.Session, criteria: Criteria, *, after: UUID | None, limit: int
) -> list[Stored]:
    """Photos that fit, in the order of their ids."""
    conditions = " and ".join(["true", *(_CONDITIONS[key] for key in criteria)])
    values = {key.replace("-", "_"): list(each) for key, each in criteria.items()}
    for key in ("from", "to"):
        if key in values:
            values[key] = values[key][0]
    rows = session.execute(
        sa.text(_STORED.format(condition=conditions)),
        values | {"after": after, "limit": limit, "evidence": list(pairs.EVIDENCE)},
    )
    return [_stored(row) for row in rows]


def load(session: orm.Session, asset_ids: Collection[UUID]) -> dict[UUID, Stored]:
    """Photos by their ids."""
    found = page(session, {"id": list(asset_ids)}, after=None, limit=len(asset_ids))
    return {stored.asset_id: stored for stored in found}


def cameras(session: orm.Session) -> list[tuple[str, int]]:
    """Every make and model with its number of photos, the most used first."""
    query = sa.text(
        f"select {_CAMERA} as camera, count(*) as photos from media_assets a"
        f" where a.removed_at is null and {_CAMERA} <> '' group by 1 order by 2 desc, 1"
    )
    return [(row.camera, row.photos) for row in session.execute(query)]


def add(session: orm.Session, job_id: UUID, items: Sequence[Mapping[str, Any]]) -> None:
    """Plan what a job does to assets; the keys are those of `job_assets`."""
    if items:
        rows = [{"job_id": job_id, "state": "planned", **item} for item in items]
        session.execute(sa.insert(Item), rows)


def planned(
    session: orm.Session, job_id: UUID, *, limit: int, of: Collection[UUID] | None = None
) -> list[models.JobAsset]:
    """What is still to be done, in the order of the asset ids."""
    query = sa.select(Item).where(Item.job_id == job_id, Item.state == "planned")
    if of is not None:
        query = query.where(Item.asset_id.in_(of))
    return list(session.scalars(query.order_by(Item.asset_id).limit(limit)))


def items(
    session: orm.Session, job_id: UUID, state: str, *, after: UUID | None, limit: int
) -> list[items_.Item]:
    """A job's items in a state, in the order of the asset ids."""
    asset = models.MediaAsset
    query = (
        sa.select(
            Item.asset_id,
            Item.before,
            Item.after,
            asset.root_id,
            asset.original_name,
            asset.relative_path,
        )
        .join(asset, asset.id == Item.asset_id)
        .where(Item.job_id == job_id, Item.state == state)
        .order_by(Item.asset_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(Item.asset_id > after)
    return [items_.Item(*row) for row in session.execute(query)]


def counts(session: orm.Session, job_id: UUID) -> dict[str, int]:
    """How many assets of a job are in which state."""
    rows = session.execute(
        sa.select(Item.state, sa.func.count()).where(Item.job_id == job_id).group_by(Item.state)
    )
    return {state: count for state, count in rows}  # noqa: C416  rows are no tuples to the checker


def remarks(session: orm.Session, job_id: UUID, limit: int) -> list[tuple[str, str]]:
    """Names and reasons of assets that a job left as they were, or whose file stayed."""
    reason = Item.after["reason"].astext
    rows = session.execute(
        sa.select(models.MediaAsset.original_name, reason)
        .join(Item, Item.asset_id == models.MediaAsset.id)
        .where(Item.job_id == job_id, reason.is_not(None))
        .order_by(models.MediaAsset.original_name)
        .limit(limit)
    )
    return [(name, why) for name, why in rows]


def write(session: orm.Session, job_id: UUID, new: Sequence[New], now: datetime) -> None:
    """Write decisions on locked assets; what was there before is kept with the job's items."""
    if not new:
        return
    ids = [each.asset_id for each in new]
    session.execute(_KEEP, {"job": job_id, "ids": ids})
    session.execute(
        sa.update(models.MediaAsset),
        [
            {
                "id": each.asset_id,
                "captured_local": each.decision.captured_local,
                "captured_at": each.decision.captured_at,
                "utc_offset_minutes": each.decision.utc_offset_minutes,
                "offset_source": each.decision.offset_source,
                "captured_at_source": each.decision.source,
                "date_confidence": each.decision.confidence,
                "revision": each.revision + 1,
            }
            for each in new
        ],
    )
    session.execute(
        sa.update(models.AssetDate),
        [{"asset_id": each.asset_id, "decided_at": now, **each.dates} for each in new],
    )


def settle(
    session: orm.Session, job_id: UUID, ids: Collection[UUID], state: str, reason: str | None = None
) -> None:
    """End planned items in a state."""
    session.execute(_SETTLE, {"job": job_id, "ids": list(ids), "state": state, "reason": reason})


def undone(session: orm.Session, job_id: UUID, ids: Collection[UUID]) -> None:
    """Store that what a job did to assets is taken back."""
    session.execute(
        sa.update(Item)
        .where(Item.job_id == job_id, Item.asset_id.in_(ids), Item.state == "applied")
        .values(state="undone")
    )


def journal(
    session: orm.Session, job_id: UUID, asset_id: UUID, moves: Sequence[tuple[str, str]]
) -> None:
    """Store, before a file gets its new name, from where to where it and its sidecars go."""
    session.execute(
        _JOURNAL, {"job": job_id, "asset": asset_id, "moves": [list(move) for move in moves]}
    )


def standing(session: orm.Session, asset_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Where the originals are."""
    rows = session.execute(_STANDING, {"ids": list(asset_ids)})
    return {
        row.id: Standing(
            asset_id=row.id,
            root_id=row.root_id,
            relative_path=row.relative_path,
            received_name=row.received,
            file_hash=row.file_hash,
            size_bytes=row.size_bytes,
            sidecars=tuple(
                Sidecar(UUID(each["id"]), each["path"], each["hash"], each["size"])
                for each in row.sidecars or ()
            ),
        )
        for row in rows
    }


def relocate(session: orm.Session, standing_: Standing, paths: Mapping[str, str]) -> int:
    """Write the new paths of a locked asset and its sidecars; the new revision.

    Raises IntegrityError when somebody else has taken a path.
    """
    path = paths[str(standing_.relative_path)]
    revision: int = session.execute(
        _RELOCATE, {"id": standing_.asset_id, "path": path, "key": naming.path_key(path)}
    ).scalar_one()
    for sidecar in standing_.sidecars:
        beside = paths.get(sidecar.relative_path)
        if beside is not None:
            session.execute(
                sa.update(models.AssetLink)
                .where(models.AssetLink.id == sidecar.link_id)
                .values(relative_path=beside, path_key=naming.path_key(beside))
            )
    return revision


def _stored(row: Any) -> Stored:  # noqa: ANN401  a row of _STORED
    return Stored(
        asset_id=row.id,
        revision=row.revision,
        root_id=row.root_id,
        relative_path=row.relative_path,
        name=row.original_name,
        received=row.received or row.original_name,
        received_name=row.received_name,
        decision=Decision(
            captured_local=row.captured_local,
            captured_at=row.captured_at,
            utc_offset_minutes=row.utc_offset_minutes,
            offset_source=row.offset_source,
            source=row.captured_at_source or "none",
            confidence=row.date_confidence,
            time_known=row.time_known,
            conflict=row.conflict,
            suspicious=row.suspicious,
        ),
        override=row.override,
        facts=Facts.from_json(row.metadata),
        companions=tuple(CompanionFacts(**each) for each in row.companions),
        mtime_ns=row.mtime_ns,
        arrived_at=row.arrived_at,
        position=None if row.latitude is None else (row.latitude, row.longitude),
        is_partner=row.is_partner,
    )


def _first(*tags: str) -> str:
    """SQL: the first of these tags of an asset `a`, else ''."""
    found = (f"a.metadata -> 'tags' ->> '{tag}'" for tag in tags)
    return f"coalesce({', '.join(found)}, '')"


_MAKE: Final = _first(tag_names.EXIF_MAKE, tag_names.KEYS_MAKE, tag_names.XMP_MAKE)
_MODEL: Final = _first(tag_names.EXIF_MODEL, tag_names.KEYS_MODEL, tag_names.XMP_MODEL)
# Some makers repeat themselves in the model.
_CAMERA: Final = (
    f"regexp_replace(trim(case when starts_with(lower({_MODEL}), lower({_MAKE})) then {_MODEL}"
    f" else {_MAKE} || ' ' || {_MODEL} end), '\\s+', ' ', 'g')"
)

_CONDITIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "camera": f"lower({_CAMERA}) like any(cast(:camera as text[]))",
        "confidence": "a.date_confidence = any(cast(:confidence as text[]))",
        "source": "a.captured_at_source like any(cast(:source as text[]))",
        "from": "a.captured_local >= cast(:from as timestamp)",
        "to": "a.captured_local <= cast(:to as timestamp)",
        "path": "a.relative_path like any(cast(:path as text[]))",
        "id": "a.id = any(cast(:id as uuid[]))",
        "conflict": "d.conflict = any(cast(:conflict as boolean[]))",
        "suspicious": "d.suspicious = any(cast(:suspicious as boolean[]))",
        "zone-source": "a.offset_source = any(cast(:zone_source as text[]))",
    }
)

_FILED: Final = """left join lateral (
      select f.path, f.display_path from files f where f.asset_id = a.id and f.outcome = 'filed'
      order by f.decided_at, f.id limit 1) o on true"""

# Positions of companions are evidence already; a person's stands above the photo's own.
_STORED: Final = f"""
    select a.id, a.revision, a.root_id, a.relative_path, a.original_name, a.captured_local,
      a.captured_at, a.utc_offset_minutes, a.offset_source, a.captured_at_source,
      a.date_confidence, a.metadata, d.time_known, d.conflict, d.suspicious, d.override,
      d.companions, d.mtime_ns, d.arrived_at, o.display_path as received,
      o.path as received_name, l.latitude, l.longitude,
      exists ({LEADER}) as is_partner
    from media_assets a join asset_dates d on d.asset_id = a.id
    {_FILED}
    left join asset_locations l on l.asset_id = a.id and l.current
      and l.source not like 'companion%'
    where a.metadata is not null and a.removed_at is null
      and (cast(:after as uuid) is null or a.id > :after) and {{condition}}
    order by a.id limit :limit"""

_STANDING: Final = sa.text(f"""
    select a.id, a.root_id, a.relative_path, a.file_hash, a.size_bytes, o.path as received,
      (select jsonb_agg(jsonb_build_object('id', l.id, 'path', l.relative_path,
           'hash', l.file_hash, 'size', l.size_bytes) order by l.relative_path)
       from asset_links l where l.asset_id = a.id and l.relative_path is not null) as sidecars
    from media_assets a {_FILED}
    where a.id = any(cast(:ids as uuid[]))""")

_KEEP: Final = sa.text("""
    update job_assets j set before = j.before || jsonb_build_object('dates',
      to_jsonb(d) - array['asset_id', 'companions', 'mtime_ns', 'arrived_at', 'decided_at'])
    from asset_dates d
    where j.job_id = :job and j.asset_id = any(cast(:ids as uuid[]))
      and d.asset_id = j.asset_id and not j.before ? 'dates'""")

_SETTLE: Final = sa.text("""
    update job_assets set state = :state,
      after = after || jsonb_strip_nulls(jsonb_build_object('reason', cast(:reason as text)))
    where job_id = :job and asset_id = any(cast(:ids as uuid[])) and state = 'planned'""")

_JOURNAL: Final = sa.text("""
    update job_assets set after = after || jsonb_build_object('moves', cast(:moves as jsonb))
    where job_id = :job and asset_id = :asset""").bindparams(sa.bindparam("moves", type_=sa.JSON))

_RELOCATE: Final = sa.text("""
    update media_assets a set relative_path = :path, path_key = :key, revision = revision + 1,
      final_path = rtrim(r.path, '/') || '/' || :path
    from roots r where r.id = a.root_id and a.id = :id
    returning a.revision""")
