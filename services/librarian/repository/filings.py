"""Filings in progress: a row reserves one content and one path until its asset is recorded.

Unique over all rows: the file, (root, path key) and the content: that of a photo in its catalog,
that of a sidecar beside its photo. A row belongs to its owner; whoever takes it over raises the
epoch, and every later statement of the old owner finds nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

from librarian import placing
from shared import models, ownership

Content: TypeAlias = tuple[UUID | None, str]
"""What a filing reserves: the hash of a photo; of a sidecar, the photo that it belongs to, too."""


@dataclasses.dataclass(frozen=True, slots=True)
class Filing:
    """One filing in progress; `record` holds all rows that recording will write."""

    id: UUID
    file_id: UUID
    catalog_id: UUID
    asset_id: UUID
    file_hash: str
    size_bytes: int
    root_id: UUID
    relative_path: str
    path_key: str
    temporary_name: str
    record: dict[str, Any]
    owner: int
    epoch: int = 1

    def at(self, place: placing.Place) -> Filing:
        """The same filing with another place."""
        return dataclasses.replace(self, relative_path=place.relative_path, path_key=place.path_key)

    @property
    def content(self) -> Content:
        """The content that the filing reserves."""
        return content(self.asset_id, self.file_hash, self.record)


def content(asset_id: UUID, file_hash: str, record: Mapping[str, Any]) -> Content:
    """What the filing of this record reserves."""
    return (asset_id if "link" in record else None, file_hash)


NAMES = tuple(field.name for field in dataclasses.fields(Filing))
COLUMNS = tuple(getattr(models.Filing, name) for name in NAMES)


def insert(session: orm.Session, filings: Iterable[Filing]) -> set[UUID]:
    """Reserve; the ids of those whose file, hash and path nobody else has reserved.

    Waits for others who are just reserving or recording the same. Rows are inserted in the order
    of their hash, so that two batches rarely meet crosswise.
    """
    rows = [
        {name: getattr(filing, name) for name in NAMES}
        for filing in sorted(filings, key=lambda each: (each.file_hash, each.path_key))
    ]
    if not rows:
        return set()
    query = pg.insert(models.Filing).on_conflict_do_nothing().returning(models.Filing.id)
    return set(session.scalars(query, rows))


def replace(session: orm.Session, filing: Filing) -> bool:
    """Store another place of a filing that is still ours; False if the place is reserved."""
    query = (
        sa.update(models.Filing)
        .where(*is_ours(filing))
        .values(relative_path=filing.relative_path, path_key=filing.path_key)
    )
    taken = sa.exists().where(
        models.Filing.root_id == filing.root_id,
        models.Filing.path_key == filing.path_key,
        models.Filing.id != filing.id,
    )
    return bool(session.execute(query.where(~taken).returning(models.Filing.id)).first())


def is_held(session: orm.Session, filing: Filing) -> bool:
    """Whether the filing is still ours."""
    query = sa.select(models.Filing.id).where(*is_ours(filing))
    return session.execute(query).first() is not None


def delete(session: orm.Session, ids: Collection[UUID], owner: int) -> set[UUID]:
    """Close our filings; the ids that were ours."""
    query = sa.delete(models.Filing).where(models.Filing.id.in_(ids), models.Filing.owner == owner)
    return set(session.scalars(query.returning(models.Filing.id)))


def lock(session: orm.Session, filings: Sequence[Filing]) -> set[UUID]:
    """Lock filings for recording; the ids of those that are still ours."""
    epochs = {filing.id: (filing.owner, filing.epoch) for filing in filings}
    rows = session.execute(
        sa.select(models.Filing.id, models.Filing.owner, models.Filing.epoch)
        .where(models.Filing.id.in_(epochs))
        .order_by(models.Filing.id)
        .with_for_update()
    )
    return {row.id for row in rows if epochs[row.id] == (row.owner, row.epoch)}


def is_ours(filing: Filing) -> tuple[sa.ColumnElement[bool], ...]:
    """The condition "this filing, not taken over"."""
    return (
        models.Filing.id == filing.id,
        models.Filing.owner == filing.owner,
        models.Filing.epoch == filing.epoch,
    )


def reserved_contents(
    session: orm.Session, catalog_id: UUID, hashes: Collection[str]
) -> set[Content]:
    """What filings of the catalog have reserved of the hashes."""
    query = sa.select(*COLUMNS).where(
        models.Filing.catalog_id == catalog_id, models.Filing.file_hash.in_(hashes)
    )
    return {Filing(*row).content for row in session.execute(query)}


def reserved_files(session: orm.Session, file_ids: Collection[UUID]) -> set[UUID]:
    """Those of the files that have a filing."""
    query = sa.select(models.Filing.file_id).where(models.Filing.file_id.in_(file_ids))
    return set(session.scalars(query))


def taken_keys(
    session: orm.Session, root_id: UUID, keys: Collection[str], *, but: Collection[UUID] = ()
) -> set[str]:
    """Those of the path keys that an asset, a companion or a filing (none of `but`) has."""
    found: set[str] = set()
    for table in (models.MediaAsset, models.AssetLink, models.Filing):
        query = sa.select(table.path_key).where(
            table.root_id == root_id, table.path_key == sa.any_(sa.literal(list(keys), TEXTS))
        )
        if table is models.Filing and but:
            query = query.where(models.Filing.id.not_in(but))
        found.update(key for key in session.scalars(query) if key)
    return found


TEXTS = pg.ARRAY(sa.Text)


def abandoned(session: orm.Session, root_id: UUID, owner: int, *, limit: int = 100) -> list[UUID]:
    """The ids of filings into a root that nobody alive works on, and of our own; oldest first."""
    query = (
        sa.select(models.Filing.id)
        .where(models.Filing.root_id == root_id, is_free_for(owner))
        .order_by(models.Filing.opened_at, models.Filing.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def take_over(session: orm.Session, filing_id: UUID, owner: int) -> Filing | None:
    """Make an abandoned filing ours under a new epoch; None if somebody was faster."""
    query = (
        sa.update(models.Filing)
        .where(models.Filing.id == filing_id, is_free_for(owner))
        .values(owner=owner, epoch=models.Filing.epoch + 1)
        .returning(*COLUMNS)
    )
    row = session.execute(query).first()
    return Filing(*row) if row else None


def is_free_for(owner: int) -> sa.ColumnElement[bool]:
    """The condition "a filing that nobody else alive works on"."""
    is_free = sa.text(ownership.is_free("filings.owner"))
    return sa.or_(sa.TextClause.self_group(is_free), models.Filing.owner == owner)


def live_owners(session: orm.Session, owners: Collection[int]) -> set[int]:
    """Those of the owners that are alive."""
    is_live = ownership.is_live("o.id")
    query = sa.text(f"select o.id from unnest(cast(:ids as bigint[])) as o(id) where {is_live}")
    return set(session.scalars(query, {"ids": list(owners)}))


def unfinished(session: orm.Session) -> list[Filing]:
    """Every filing in progress, oldest first."""
    query = sa.select(*COLUMNS).order_by(models.Filing.opened_at)
    return [Filing(*row) for row in session.execute(query)]
