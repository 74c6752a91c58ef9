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
from shared import event_log, events
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
    path_key: str


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


def unknown(session: orm.Session, root_id: UUID, paths: Collection[str]) -> list[str]:
    """Those of the paths that no asset, sidecar or filing has.

    Of several that differ in case or Unicode form alone, the ledger has one at most.
    """
    by_key: dict[str, list[str]] = {}
    for path in sorted(paths):
        by_key.setdefault(naming.path_key(path), []).append(path)
    taken = taken_keys(session, root_id, list(by_key))
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
    """Store that an original was found at another path; False if the row has changed."""
    revision = session.scalar(
        _REPATH,
        {"id": asset_id, "old": old, "new": new, "key": naming.path_key(new)},
    )
    if revision is None:
        return False
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

_EXPECTED: Final = sa.text("""
    select asset_id, relative_path, file_hash, size_bytes, is_original, path_key from (
      (select id as asset_id, relative_path, file_hash, size_bytes, true as is_original, path_key
       from media_assets where root_id = :root and path_key > :after and removed_at is null
       order by path_key limit :limit)
      union all
      (select asset_id, relative_path, file_hash, size_bytes, false, path_key
       from asset_links where root_id = :root and path_key > :after
       order by path_key limit :limit)) as f
    order by path_key limit :limit""")

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
