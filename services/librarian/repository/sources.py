"""The folders that files come from."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.arrivals import Mode, Source
from shared import models
from shared.disk.root_folder import KnownRoot

QUERY = (
    sa.select(
        models.Source.id,
        models.Source.catalog_id,
        models.Source.name,
        models.Source.source_path,
        models.Source.default_import_mode,
        models.Source.auto_import,
        models.Root.id.label("root_id"),
        models.Root.root_key,
        models.Root.is_marked,
        models.Root.state,
        models.Root.state_reason,
        models.Ledger.ledger_id,
    )
    .join_from(models.Source, models.Ledger, sa.true())
    .outerjoin(models.Root, models.Root.id == models.Source.root_id)
)


def inboxes(session: orm.Session) -> list[Source]:
    """Return every source that imports by itself, oldest first."""
    query = QUERY.where(models.Source.auto_import, models.Source.deleted_at.is_(None))
    rows = session.execute(query.order_by(models.Source.created_at, models.Source.id))
    return [source_of(row) for row in rows.mappings()]


def by_id(session: orm.Session, source_id: UUID) -> Source:
    """Return one source; raises NoResultFound for an unknown id."""
    rows = session.execute(QUERY.where(models.Source.id == source_id))
    return source_of(rows.mappings().one())


def source_of(row: sa.RowMapping) -> Source:
    """Return the source that a row describes."""
    mode: Mode = "move" if row["default_import_mode"] == "move" else "copy"
    return Source(
        id=row["id"],
        catalog_id=row["catalog_id"],
        name=row["name"],
        path=row["source_path"],
        mode=mode,
        is_inbox=row["auto_import"],
        root=root_of(row) if row["root_id"] else None,
    )


def root_of(row: sa.RowMapping) -> KnownRoot:
    """Return the known root of a source's row."""
    return KnownRoot(
        id=row["root_id"],
        path=row["source_path"],
        key=row["root_key"],
        ledger_id=row["ledger_id"] if row["is_marked"] else None,
        frozen_reason=row["state_reason"] if row["state"] == "frozen" else None,
    )


def of_folder(session: orm.Session, path: str) -> UUID:
    """Return the id of the source that is the folder ``path``, made now if it is unknown."""
    known = session.scalar(
        sa.select(models.Source.id)
        .where(models.Source.source_path == path, models.Source.deleted_at.is_(None))
        .order_by(models.Source.created_at)
        .limit(1)
    )
    if known:
        return known
    catalog = session.scalars(
        sa.select(models.Catalog.id).order_by(models.Catalog.created_at).limit(1)
    ).one()
    source = models.Source(
        catalog_id=catalog, name=path, source_path=path, default_import_mode="copy"
    )
    session.add(source)
    session.flush()
    return source.id


def report_watching(session: orm.Session, source_id: UUID, refusal: str | None) -> None:
    """Store how an inbox is watched, for status: polled if something is not told of all of it."""
    session.execute(
        sa.update(models.Source)
        .where(models.Source.id == source_id)
        .values(watching="polling" if refusal else "native", watching_reason=refusal)
    )


def report_scan(
    session: orm.Session, source_id: UUID, *, waiting: int, unreadable: int, now: datetime
) -> None:
    """Store what the last scan of an inbox left waiting and could not read."""
    session.execute(
        sa.update(models.Source)
        .where(models.Source.id == source_id)
        .values(waiting=waiting, unreadable=unreadable, last_scanned_at=now)
    )
