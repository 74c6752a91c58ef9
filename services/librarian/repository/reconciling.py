"""The ledger's side of the comparison with the disk."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.domain import naming
from librarian.repository.filings import taken_keys
from librarian.repository.originals import Original
from shared import event_log, events, ledger, models
from shared.disk import copy_paths, root_folder, roots
from shared.models import assets

PAGE: Final = 1_000


@dataclasses.dataclass(frozen=True, slots=True)
class Expected:
    """A file that the ledger says is there: an original, or a sidecar of one."""

    asset_id: UUID
    relative_path: str
    file_hash: str
    size_bytes: int
    is_original: bool
    path_key: str = ""
    is_removed: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Copy:
    """Where a backup target should hold a file."""

    target: str
    root: root_folder.KnownRoot
    relative_path: str


@dataclasses.dataclass(frozen=True, slots=True)
class StaleFlag:
    """A stage whose flag, state and output do not agree."""

    asset_id: UUID
    stage: str
    why: str


def expected(session: orm.Session, root_id: UUID, after: str) -> list[Expected]:
    """The next page of files that should be there, in the order of their path keys."""
    rows = session.execute(_EXPECTED, {"root": root_id, "after": after, "limit": PAGE})
    return [Expected(*row) for row in rows]


def of_original(known: Original) -> Expected:
    """What is expected of an asset, or of a sidecar, that has a managed original."""
    return Expected(
        known.asset_id,
        str(known.relative_path),
        known.file_hash,
        known.size_bytes,
        is_original=not known.is_sidecar,
        is_removed=known.is_removed and not known.is_sidecar,
    )


def expected_at(session: orm.Session, root_id: UUID, path: str) -> Expected | None:
    """The original or sidecar that has a path now; None if none has it, or it was removed."""
    key = naming.path_key(path)
    rows = session.execute(_EXPECTED_AT, {"root": root_id, "key": key, "path": path})
    return next((Expected(*row) for row in rows), None)


def below(session: orm.Session, root_id: UUID, folder: str) -> list[Expected]:
    """The originals in a folder of a root, and in those below it."""
    key = naming.path_key(f"{folder}/")
    rows = session.execute(_BELOW, {"root": root_id, "key": key})
    return [Expected(*row) for row in rows]


def sidecars(session: orm.Session, root_id: UUID, file_hash: str, folder: str) -> list[Expected]:
    """The filed sidecars with a content, first those whose photo lies in a folder."""
    rows = session.execute(_SIDECARS, {"root": root_id, "hash": file_hash, "folder": folder})
    return [Expected(*row) for row in rows]


def is_expected(session: orm.Session, root_id: UUID, wanted: Expected) -> bool:
    """Whether an asset or its sidecar still has this path and this content, removed or not."""
    values = {
        "root": root_id,
        "asset": wanted.asset_id,
        "path": wanted.relative_path,
        "hash": wanted.file_hash,
    }
    return session.execute(_IS_EXPECTED, values).first() is not None


def copies(session: orm.Session, wanted: Expected) -> list[Copy]:
    """Where backup targets hold a file, or may, those on another disk than the originals first."""
    target, copy = models.BackupTarget, models.AssetCopy
    order = (target.is_same_disk, target.name)
    if wanted.is_original:
        own = (copy.target_id == target.id) & (copy.asset_id == wanted.asset_id)
        found = session.execute(
            sa.select(target, copy.relative_path).join(copy, own).order_by(*order)
        ).all()
        held = [(row, path) for row, path in found]
    else:  # sidecars are copied beside the photo and have no row of their own
        held = [
            (row, path)
            for row in session.scalars(sa.select(target).order_by(*order))
            for path in copy_paths.candidates(wanted.relative_path, wanted.asset_id)
        ]
    return [
        Copy(row.name, roots.known(session, roots.get(session, row.root_id)), path)
        for row, path in held
    ]


def unknown(session: orm.Session, root_id: UUID, paths: Collection[str]) -> list[str]:
    """Those of the paths that no asset, sidecar or filing has; removed photos have none.

    Of several that differ in case or Unicode form alone, the ledger has one at most.
    """
    by_key: dict[str, list[str]] = {}
    for path in sorted(paths):
        by_key.setdefault(naming.path_key(path), []).append(path)
    taken = taken_keys(session, root_id, list(by_key))
    taken -= set(session.scalars(_KEYS_OF_REMOVED, {"root": root_id, "keys": list(taken)}))
    ambiguous = [key for key in taken if len(by_key[key]) > 1]
    exact = set(session.scalars(_PATHS, {"root": root_id, "keys": ambiguous}))
    for key in taken:
        own = next((path for path in by_key[key] if path in exact), by_key[key][0])
        by_key[key].remove(own)
    return sorted(path for left in by_key.values() for path in left)


def stale_flags(session: orm.Session) -> Iterator[StaleFlag]:
    """Every stage that says it is done without its output, or the other way round."""
    for stage, output in _OUTPUTS.items():
        query = sa.text(_FLAG_WITHOUT_OUTPUT.format(stage=stage, output=output))
        for asset_id in session.scalars(query):
            yield StaleFlag(asset_id, stage, "its flag is set without an output")
    for stage in assets.STAGES:
        for asset_id in session.scalars(sa.text(_DONE_WITHOUT_FLAG.format(stage=stage))):
            yield StaleFlag(asset_id, stage, "it is done without its flag")


def repath(session: orm.Session, asset_id: UUID, old: str, new: str, now: datetime) -> bool:
    """Store that an original, or a sidecar of it, was found at another path.

    False if its row has changed.
    """
    values = {"id": asset_id, "old": old, "new": new, "key": naming.path_key(new)}
    revision = session.scalar(_REPATH, values)
    if revision is None:
        if session.execute(_REPATH_SIDECAR, values).first() is None:
            return False
        ledger.clear(session, "backed_up", [asset_id], now=now)  # the copy belongs beside it
        return True
    moved = events.AssetMovedV1(
        asset_id=asset_id,
        revision=revision,
        relative_path_before=old,
        relative_path=new,
        reason="found there",
    )
    event_log.append(session, [moved], now=now)
    return True


_PATHS: Final = sa.text(
    "\n    union all\n".join(
        f"select relative_path from {table}"
        " where root_id = :root and path_key = any(cast(:keys as text[]))"
        for table in ("media_assets", "asset_links", "filings")
    )
)

_KEYS_OF_REMOVED: Final = sa.text("""
    select path_key from media_assets where root_id = :root and removed_at is not null
      and path_key = any(cast(:keys as text[]))""")

_EXPECTED: Final = sa.text("""
    select asset_id, relative_path, file_hash, size_bytes, is_original, path_key from (
      (select id as asset_id, relative_path, file_hash, size_bytes, true as is_original, path_key
       from media_assets where root_id = :root and path_key > :after and removed_at is null
       order by path_key limit :limit)
      union all
      (select l.asset_id, l.relative_path, l.file_hash, l.size_bytes, false, l.path_key
       from asset_links l join media_assets a on a.id = l.asset_id and a.removed_at is null
       where l.root_id = :root and l.path_key > :after
       order by l.path_key limit :limit)) as f
    order by path_key limit :limit""")

_EXPECTED_AT: Final = sa.text("""
    select id as asset_id, relative_path, file_hash, size_bytes, true as is_original, path_key
    from media_assets
    where root_id = :root and path_key = :key and relative_path = :path and removed_at is null
    union all
    select l.asset_id, l.relative_path, l.file_hash, l.size_bytes, false, l.path_key
    from asset_links l join media_assets a on a.id = l.asset_id and a.removed_at is null
    where l.root_id = :root and l.path_key = :key and l.relative_path = :path""")

_BELOW: Final = sa.text("""
    select id, relative_path, file_hash, size_bytes, true from media_assets
    where root_id = :root and starts_with(path_key, :key) and removed_at is null
    order by path_key""")

_SIDECARS: Final = sa.text("""
    select l.asset_id, l.relative_path, l.file_hash, l.size_bytes, false
    from asset_links l join media_assets a on a.id = l.asset_id
    where l.root_id = :root and l.file_hash = :hash
    order by regexp_replace(a.relative_path, '/[^/]*$', '') <> :folder, l.path_key""")

_IS_EXPECTED: Final = sa.text("""
    select from media_assets where root_id = :root and id = :asset and relative_path = :path
      and file_hash = :hash
    union all
    select from asset_links where root_id = :root and asset_id = :asset and relative_path = :path
      and file_hash = :hash""")

_OUTPUTS: Final = {
    "backed_up": "asset_copies o where o.state = 'verified' and",
    "thumbnailed": "asset_renditions o where",
    "geocoded": "asset_places o where",
}
_FLAG_WITHOUT_OUTPUT: Final = """
    select a.id from media_assets a
    where a.is_{stage} and not exists (select from {output} o.asset_id = a.id) order by a.id"""

_DONE_WITHOUT_FLAG: Final = """
    select a.id from media_assets a join asset_stages s on s.asset_id = a.id
    where s.stage = '{stage}' and s.state = 'done' and not a.is_{stage} order by a.id"""

_REPATH: Final = sa.text("""
    update media_assets a set relative_path = :new, path_key = :key,
      final_path = rtrim(r.path, '/') || '/' || :new, revision = a.revision + 1
    from roots r where r.id = a.root_id and a.id = :id and a.relative_path = :old
    returning a.revision""")

_REPATH_SIDECAR: Final = sa.text("""
    update asset_links set relative_path = :new, path_key = :key
    where asset_id = :id and relative_path = :old returning id""")
