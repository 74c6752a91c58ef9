"""The ledger's view of assets in the form of their folder's record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian import records
from librarian.domain import naming


def load(session: orm.Session, asset_ids: Collection[UUID]) -> dict[UUID, records.Record]:
    """What the record of each asset's folder should say now; merely referenced ones are left out.

    The folder of an asset is that of its `relative_path`; see `folder_of`.
    """
    rows = session.execute(_LOAD, {"ids": list(asset_ids)})
    return {row.id: _record(row) for row in rows}


def folders_of(session: orm.Session, asset_ids: Collection[UUID]) -> dict[UUID, str]:
    """The folder of each asset below its root."""
    rows = session.execute(_FOLDERS, {"ids": list(asset_ids)})
    return {row.id: row.relative_path.rpartition("/")[0] for row in rows}


def in_folder(session: orm.Session, root_id: UUID, folder: str) -> list[UUID]:
    """The assets right in a folder of a root, also those that were removed."""
    values = {"root": root_id, "key": naming.path_key(f"{folder}/" if folder else "")}
    return list(session.scalars(_IN_FOLDER, values))


def owe(session: orm.Session, asset_ids: Collection[UUID]) -> None:
    """Note that the records of these assets' folders have to be written after this transaction."""
    if asset_ids:
        session.execute(_OWE, {"ids": sorted(asset_ids)})


def owed(session: orm.Session, root_id: UUID, limit: int = 500) -> dict[UUID, UUID]:
    """Some of the assets in a root whose record is owed, each with the note of its last change."""
    rows = session.execute(_OWED, {"root": root_id, "limit": limit})
    return {row.asset_id: row.note for row in rows}


def paid(session: orm.Session, written: Mapping[UUID, UUID]) -> None:
    """Forget what was owed, but of assets that changed again since their note was read."""
    values = {"ids": list(written), "notes": list(written.values())}
    session.execute(_PAID, values)


def _record(row: Any) -> records.Record:  # noqa: ANN401  a row of _LOAD
    return records.Record(
        asset_id=row.id,
        file_hash=row.file_hash,
        size_bytes=row.size_bytes,
        name=None if row.removed_at else row.relative_path.rpartition("/")[2],
        original_name=row.original_name,
        original_path=row.original_path,
        source=row.source or "",
        source_path=row.source_path or "",
        mtime_ns=row.mtime_ns or 0,
        arrived_at=row.arrived_at or row.ingested_at,
        ingested_at=row.ingested_at,
        decided_at=row.decided_at,
        captured=records.Captured(
            local=row.captured_local,
            instant=row.captured_at,
            offset_minutes=row.utc_offset_minutes,
            offset_source=row.offset_source,
            source=row.captured_at_source,
            confidence=row.date_confidence,
        ),
        revision=row.revision,
        override=row.override,
        location=row.location,
        companions=tuple(row.companions or ()),
        links=tuple(records.Link(**link) for link in row.links or ()),
    )


_FOLDERS: Final = sa.text(
    "select id, relative_path from media_assets"
    " where id = any(cast(:ids as uuid[])) and relative_path is not null"
)

_IN_FOLDER: Final = sa.text("""
    select id from media_assets where root_id = :root and starts_with(path_key, :key)
      and strpos(substr(path_key, length(:key) + 1), '/') = 0 order by path_key""")

_LOAD: Final = sa.text("""
    select a.*, d.mtime_ns, d.arrived_at, d.decided_at, d.override, d.companions, s.name as source,
      s.source_path,
      (select jsonb_agg(jsonb_build_object('kind', l.kind,
          'file_hash', coalesce(l.file_hash, o.file_hash), 'name',
          regexp_replace(l.relative_path, '^.*/', ''), 'size_bytes', l.size_bytes,
          'original_name', l.original_name, 'original_path', l.original_path,
          'evidence', l.evidence) order by l.kind, coalesce(l.file_hash, o.file_hash))
       from asset_links l left join media_assets o on o.id = l.linked_asset_id
       where l.asset_id = a.id) as links
    from media_assets a left join asset_dates d on d.asset_id = a.id
    left join lateral (
      select s.name, s.source_path from files f join sources s on s.id = f.source_id
      where f.asset_id = a.id and f.outcome = 'filed' order by f.decided_at limit 1) s on true
    where a.id = any(cast(:ids as uuid[])) and a.relative_path is not null""")

_OWE: Final = sa.text("""
    insert into owed_records (asset_id)
    select i.id from unnest(cast(:ids as uuid[])) as i(id) join media_assets a on a.id = i.id
    on conflict (asset_id) do update set note = gen_random_uuid()""")

_OWED: Final = sa.text("""
    select o.asset_id, o.note from owed_records o join media_assets a on a.id = o.asset_id
    where a.root_id = :root and a.relative_path is not null limit :limit""")

_PAID: Final = sa.text("""
    delete from owed_records o
    using unnest(cast(:ids as uuid[]), cast(:notes as uuid[])) as i(id, note)
    where o.asset_id = i.id and o.note = i.note""")
