"""What a rebuild writes into the empty ledger, so that it may be killed and goes on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

from librarian.domain import naming
from librarian.repository.recording import ASSET_COLUMNS, DATE_COLUMNS
from shared import models

JOB: Final = "rebuild"
FROZEN: Final = "a rebuild is not finished; run ./photofactory rebuild"


@dataclasses.dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a restored file once came from."""

    source_id: UUID
    path: str
    original_name: str
    size_bytes: int
    mtime_ns: int
    outcome: str
    file_hash: str
    asset_id: UUID
    first_seen_at: datetime
    decided_at: datetime
    is_moved: bool
    damage: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """Two contents that belong together."""

    file_hash: str
    kind: str
    linked_hash: str
    evidence: str | None


def unfinished_job(session: orm.Session) -> UUID | None:
    """The rebuild that was begun and not finished."""
    return session.scalar(
        sa.select(models.Job.id).where(models.Job.type == JOB, models.Job.state == "running")
    )


def is_empty(session: orm.Session) -> bool:
    """Whether the ledger knows no asset and no root."""
    has_assets = session.execute(sa.select(models.MediaAsset.id).limit(1)).first()
    return not has_assets and not session.execute(sa.select(models.Root.id).limit(1)).first()


def begin(session: orm.Session, ledger_id: UUID, now: datetime) -> UUID:
    """Take over the identity of the disk's ledger; nothing is filed until `finish`."""
    session.execute(sa.update(models.Ledger).values(ledger_id=ledger_id, frozen_reason=FROZEN))
    job = models.Job(type=JOB, state="running", started_at=now, created_at=now)
    session.add(job)
    session.flush()
    return job.id


def finish(session: orm.Session, job_id: UUID, result: Mapping[str, Any], now: datetime) -> None:
    """Let the newest occurrence at each path be the live one; filing is free again."""
    revive(session)
    session.execute(
        sa.update(models.Job)
        .where(models.Job.id == job_id)
        .values(state="completed", completed_at=now, result=dict(result))
    )
    session.execute(
        sa.update(models.Ledger)
        .where(models.Ledger.frozen_reason == FROZEN)
        .values(frozen_reason=None)
    )


def revive(session: orm.Session, asset_ids: Collection[UUID] | None = None) -> None:
    """Let the newest occurrence at each path be the live one where none is; of these assets."""
    session.execute(_REVIVE, {"assets": None if asset_ids is None else list(asset_ids)})


def known_paths(session: orm.Session, root_id: UUID, paths: Sequence[str]) -> set[str]:
    """Those of the paths that an asset or a filed sidecar has."""
    keys = [naming.path_key(path) for path in paths]  # they have an index
    values = {"root": root_id, "keys": keys}
    return set(session.scalars(_KNOWN_PATHS, values))


def known_hashes(session: orm.Session, hashes: Collection[str]) -> set[str]:
    """Those of the contents that the ledger knows."""
    return set(session.scalars(_KNOWN_HASHES, {"hashes": list(hashes)}))


def known_sidecars(session: orm.Session, hashes: Collection[str]) -> set[tuple[UUID, str]]:
    """The filed sidecars with these contents, by asset and hash."""
    rows = session.execute(_KNOWN_SIDECARS, {"hashes": list(hashes)})
    return {(row.asset_id, row.file_hash) for row in rows}


def insert_assets(
    session: orm.Session, assets: Sequence[Mapping[str, Any]], dates: Mapping[UUID, Any]
) -> set[UUID]:
    """Write assets and their dates; the ids of those whose content and place were free."""
    ids = set(session.scalars(_INSERT_ASSETS, {"rows": json.dumps(list(assets))}))
    told = [{**dates[each], "asset_id": str(each)} for each in ids]
    session.execute(_INSERT_DATES, {"rows": json.dumps(told)})
    return ids


def metadata_of(session: orm.Session, asset_id: UUID) -> dict[str, Any]:
    """What was read of an asset's file; empty if nothing was."""
    return dict(session.scalar(_METADATA, {"id": asset_id}) or {})


def follow(
    session: orm.Session, asset: Mapping[str, Any], dates: Mapping[str, Any]
) -> tuple[datetime | None, int]:
    """Write a locked asset's times, position and evidence; its instant before, its revision."""
    before, revision = session.execute(_FOLLOW, {"rows": json.dumps([asset])}).one()
    told = [{**dates, "asset_id": asset["id"]}]
    session.execute(_FOLLOW_DATES, {"rows": json.dumps(told)})
    return before, revision


def insert_sidecars(session: orm.Session, sidecars: Sequence[Mapping[str, Any]]) -> set[str]:
    """Write links of filed sidecars; the paths of those that were written."""
    return set(session.scalars(_INSERT_SIDECARS, {"rows": json.dumps(list(sidecars))}))


def insert_pairs(session: orm.Session, pairs: Sequence[Pair]) -> None:
    """Link assets, as far as both are there."""
    if pairs:
        rows = [dataclasses.asdict(pair) for pair in pairs]
        session.execute(_INSERT_PAIRS, {"rows": json.dumps(rows)})


def insert_occurrences(session: orm.Session, occurrences: Sequence[Occurrence]) -> None:
    """Write where files came from; all are history until `finish`."""
    if not occurrences:
        return
    rows = [
        {
            "source_id": each.source_id,
            "path": naming.from_display(each.path),
            "display_path": each.path,
            "original_name": each.original_name,
            "size_bytes": each.size_bytes,
            "mtime_ns": each.mtime_ns,
            "outcome": each.outcome,
            "reason": "damaged" if each.damage else None,
            "detail": each.damage,
            "file_hash": each.file_hash,
            "asset_id": each.asset_id,
            "first_seen_at": each.first_seen_at,
            "decided_at": each.decided_at,
            "superseded_at": each.decided_at,
            "source_removed_at": each.decided_at if each.is_moved else None,
        }
        for each in occurrences
    ]
    session.execute(pg.insert(models.File), rows)


def sources_of(
    session: orm.Session, catalog_id: UUID, names: Mapping[str, str]
) -> dict[str, tuple[UUID, bool]]:
    """The sources of these folders, and whether files leave them; made where unknown, so named."""
    source = models.Source
    query = sa.select(source).where(source.source_path.in_(names), source.deleted_at.is_(None))
    found: dict[str, models.Source] = {}
    for each in session.scalars(query.order_by(source.created_at, source.id)):
        found.setdefault(each.source_path, each)
    for path in names.keys() - found.keys():
        found[path] = models.Source(
            catalog_id=catalog_id, name=names[path], source_path=path, default_import_mode="copy"
        )
        session.add(found[path])
    session.flush()
    return {path: (each.id, each.default_import_mode == "move") for path, each in found.items()}


_IDENTITY: Final = (
    "id", "file_hash", "size_bytes", "root_id", "relative_path", "path_key", "final_path",
    "revision",
)  # fmt: skip
_ALL: Final = (*_IDENTITY, *ASSET_COLUMNS)
_ROWS: Final = "cast(:rows as jsonb)"

_KNOWN_PATHS: Final = sa.text("""
    select relative_path from media_assets
    where root_id = :root and path_key = any(cast(:keys as text[]))
    union all
    select relative_path from asset_links
    where root_id = :root and path_key = any(cast(:keys as text[]))""")

_KNOWN_HASHES: Final = sa.text(
    "select file_hash from media_assets where file_hash = any(cast(:hashes as text[]))"
)

_KNOWN_SIDECARS: Final = sa.text(
    "select asset_id, file_hash from asset_links where file_hash = any(cast(:hashes as text[]))"
)

_INSERT_ASSETS: Final = sa.text(f"""
    insert into media_assets ({", ".join(_ALL)})
    select {", ".join(_ALL)} from jsonb_populate_recordset(null::media_assets, {_ROWS}) r
    where not exists (select from filings f where f.file_hash = r.file_hash)
      and not exists (
        select from filings f where (f.root_id, f.path_key) = (r.root_id, r.path_key))
    order by file_hash on conflict do nothing returning id""")
"""What is being filed just now is recorded by whoever files it."""

_INSERT_DATES: Final = sa.text(f"""
    insert into asset_dates (asset_id, {", ".join(DATE_COLUMNS)})
    select asset_id, {", ".join(DATE_COLUMNS)}
    from jsonb_populate_recordset(null::asset_dates, {_ROWS})""")

_METADATA: Final = sa.text("select metadata from media_assets where id = :id")

_FOLLOWED: Final = (
    "original_name", "original_path", "ingested_at", "location", "captured_local", "captured_at",
    "utc_offset_minutes", "offset_source", "captured_at_source", "date_confidence",
)  # fmt: skip

_FOLLOW: Final = sa.text(f"""
    update media_assets a set revision = greatest(a.revision + 1, r.revision),
      {", ".join(f"{c} = r.{c}" for c in _FOLLOWED)}
    from jsonb_populate_recordset(null::media_assets, {_ROWS}) r, media_assets old
    where a.id = r.id and old.id = r.id
    returning old.captured_at, a.revision""")

_FOLLOW_DATES: Final = sa.text(f"""
    update asset_dates d set {", ".join(f"{c} = r.{c}" for c in DATE_COLUMNS)}
    from jsonb_populate_recordset(null::asset_dates, {_ROWS}) r
    where d.asset_id = r.asset_id""")

_SIDECAR: Final = (
    "asset_id, kind, root_id, relative_path, path_key, file_hash, size_bytes, original_name,"
    " original_path, evidence"
)

_INSERT_SIDECARS: Final = sa.text(f"""
    insert into asset_links ({_SIDECAR})
    select {_SIDECAR} from jsonb_populate_recordset(null::asset_links, {_ROWS})
    on conflict do nothing returning relative_path""")

_INSERT_PAIRS: Final = sa.text(f"""
    insert into asset_links (asset_id, kind, linked_asset_id, evidence)
    select a.id, r.kind, b.id, r.evidence
    from jsonb_to_recordset({_ROWS})
      as r(file_hash text, kind text, linked_hash text, evidence text)
    join media_assets a on a.file_hash = r.file_hash
    join media_assets b on b.file_hash = r.linked_hash
    on conflict do nothing""")

_REVIVE: Final = sa.text("""
    update files f set superseded_at = null
    from (select distinct on (source_id, path) id, source_id, path from files
          where cast(:assets as uuid[]) is null or asset_id = any(cast(:assets as uuid[]))
          order by source_id, path, decided_at desc, id) newest
    where f.id = newest.id and not exists (
      select from files live where live.superseded_at is null
        and (live.source_id, live.path) = (newest.source_id, newest.path))""")
