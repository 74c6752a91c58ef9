"""All SQL of the thumbnailer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

from shared import errors, models
from shared.disk import roots
from shared.disk.root_folder import KnownRoot


@dataclass(frozen=True, slots=True)
class Original:
    """What is known of a filed picture or video; width and height as stored, before turning."""

    asset_id: UUID
    root: KnownRoot
    relative_path: str
    mime_type: str | None
    width: int | None
    height: int | None
    orientation: int | None
    is_damaged: bool


def originals(session: orm.Session, asset_ids: Sequence[UUID]) -> list[Original]:
    """Return those of the assets that lie under a root of ours and were not removed."""
    asset = models.MediaAsset
    rows = session.execute(
        sa.select(
            asset.id,
            asset.root_id,
            asset.relative_path,
            asset.mime_type,
            asset.width,
            asset.height,
            asset.facts["orientation"].as_string().label("orientation"),
            asset.damage,
        ).where(
            asset.id.in_(asset_ids),
            asset.root_id.is_not(None),
            asset.relative_path.is_not(None),
            asset.removed_at.is_(None),
        )
    ).all()
    known = {
        root_id: roots.known(session, roots.get(session, root_id))
        for root_id in {row.root_id for row in rows}
    }
    return [
        Original(
            row.id,
            known[row.root_id],
            row.relative_path,
            row.mime_type,
            row.width,
            row.height,
            int(row.orientation) if (row.orientation or "").isdecimal() else None,
            row.damage is not None,
        )
        for row in rows
    ]


def derivatives_root(session: orm.Session) -> KnownRoot:
    """Return where renditions go; raises DependencyError where no such root is known."""
    found = roots.find(session, "derivatives")
    if not found:
        raise errors.DependencyError("root of the derivatives", "none is known")
    return roots.known(session, found[0])


def save(session: orm.Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Write renditions, over those of the same asset and kind."""
    if not rows:
        return
    statement = pg.insert(models.AssetRendition)
    columns = {
        column.name: statement.excluded[column.name]
        for column in models.AssetRendition.__table__.columns
        if column.name not in {"asset_id", "kind"}
    }
    session.execute(
        statement.on_conflict_do_update(index_elements=["asset_id", "kind"], set_=columns),
        [dict(row) for row in rows],
    )
