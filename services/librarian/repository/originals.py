"""What the ledger knows of originals: their root, their assets, their damage."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import exc, orm
from sqlalchemy.dialects import postgresql as pg

from librarian.domain import naming
from shared import database as databases
from shared import errors, models
from shared.database import Database
from shared.disk import root_folder

ASSET_LOCK_CLASS: Final = 0x50464173
"""First key of the advisory locks of assets ("PFAs"); the second is a hash of the asset id."""


@dataclasses.dataclass(frozen=True, slots=True)
class Original:
    """A content of an asset and the path where we keep it; None if it is only referenced.

    The content is that of the photo, or that of a sidecar beside it.
    """

    asset_id: UUID
    file_hash: str
    size_bytes: int
    relative_path: str | None
    root_id: UUID | None
    revision: int
    is_removed: bool
    is_sidecar: bool = False


def root_of(
    session: orm.Session, catalog_id: UUID, *, is_for_repair: bool = False
) -> root_folder.KnownRoot:
    """The root where a catalog keeps its originals; raises DependencyError if it has none.

    It is frozen as well while the ledger is older than the disk; a repair alone may write then.
    """
    row = session.execute(
        sa.select(models.Root, models.Ledger.ledger_id, models.Ledger.frozen_reason)
        .join(models.Catalog, models.Catalog.root_id == models.Root.id)
        .join(models.Ledger, sa.true())
        .where(models.Catalog.id == catalog_id)
    ).first()
    if row is None:
        raise errors.DependencyError("originals", f"catalog {catalog_id} has no root")
    root, ledger_id, reason = row
    if is_for_repair:
        reason = None
    if root.state == "frozen":
        reason = root.state_reason or "no reason given"
    return root_folder.KnownRoot(root.id, root.path, root.root_key, ledger_id, reason)


def library(session: orm.Session) -> UUID:
    """The built-in catalog."""
    return session.scalars(
        sa.select(models.Catalog.id).order_by(models.Catalog.created_at, models.Catalog.id).limit(1)
    ).one()


def default_zone(session: orm.Session) -> str | None:
    """The IANA name of the zone of clocks that name none."""
    return session.scalar(sa.select(models.Ledger.default_zone))


def set_removed(session: orm.Session, asset_id: UUID, removed_at: datetime | None) -> None:
    """Say that a person let go of a locked asset's original, or, with None, that it is back."""
    session.execute(
        sa.update(models.MediaAsset)
        .where(models.MediaAsset.id == asset_id)
        .values(removed_at=removed_at, revision=models.MediaAsset.revision + 1)
    )


def by_hash(session: orm.Session, hashes: Collection[str]) -> dict[str, Original]:
    """The assets with these contents, by hash."""
    texts = sa.literal(list(hashes), pg.ARRAY(sa.Text))
    return {
        original.file_hash: original
        for original in _select(session, models.MediaAsset.file_hash == sa.any_(texts))
    }


def by_id(session: orm.Session, asset_id: UUID) -> Original | None:
    """One asset."""
    return next(_select(session, models.MediaAsset.id == asset_id), None)


def holding(session: orm.Session, asset_id: UUID, file_hash: str) -> Original | None:
    """The original of an asset, or that of its sidecars, with this content."""
    photo = by_id(session, asset_id)
    if photo is None or photo.file_hash == file_hash:
        return photo
    link = models.AssetLink
    row = session.execute(
        sa.select(link.relative_path, link.size_bytes).where(
            link.asset_id == asset_id, link.file_hash == file_hash
        )
    ).first()
    if row is None:
        return None
    return dataclasses.replace(
        photo,
        file_hash=file_hash,
        size_bytes=row.size_bytes,
        relative_path=row.relative_path,
        is_sidecar=True,
    )


def at_path(session: orm.Session, root_id: UUID, path: str) -> Original | None:
    """The asset whose original has this path."""
    asset = models.MediaAsset
    is_there = sa.and_(
        asset.root_id == root_id,
        asset.path_key == naming.path_key(path),  # it has an index
        asset.relative_path == path,
    )
    return next(_select(session, is_there), None)


def _select(session: orm.Session, condition: sa.ColumnElement[bool]) -> Iterator[Original]:
    asset = models.MediaAsset
    rows = session.execute(
        sa.select(
            asset.id,
            asset.file_hash,
            asset.size_bytes,
            asset.relative_path,
            asset.root_id,
            asset.revision,
            asset.removed_at.is_not(None),
        ).where(condition)
    )
    return (Original(*row) for row in rows)


@contextlib.contextmanager
def locked(database: Database, asset_id: UUID) -> Iterator[None]:
    """Keep every other heal, move and repair away from an asset's file meanwhile.

    The lock hangs on a connection of its own: no transaction is open while files are read.

    Raises:
        TransientError: Somebody else keeps it for seconds.
        DependencyError: The database is gone.
    """
    keys = {"class": ASSET_LOCK_CLASS, "id": asset_id.int % 2**31}
    with databases.named_loss(), database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        try:
            connection.execute(sa.text("select pg_advisory_lock(:class, :id)"), keys)
        except exc.OperationalError as error:
            if databases.is_conflict(error):
                raise errors.TransientError(f"asset {asset_id} is in use") from error
            raise
        try:
            yield
        finally:
            connection.execute(sa.text("select pg_advisory_unlock(:class, :id)"), keys)
