"""What status says of the photos: in numbers, by stage, the latest, the troubled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import orm

from dashboard import status
from shared import models

LATEST: Final = 12
ERRORS: Final = 20


def read_assets(session: orm.Session, now: datetime) -> status.AssetCounts:
    """Return the library in numbers."""
    asset = models.MediaAsset
    count = sa.func.count()
    row = session.execute(
        sa.select(
            count.label("total"),
            count.filter(asset.media_type == "image").label("images"),
            count.filter(asset.media_type == "video").label("videos"),
            sa.func.coalesce(sa.func.sum(asset.size_bytes), 0).label("size_bytes"),
            count.filter(asset.has_errors).label("with_errors"),
            count.filter(asset.damage.is_not(None)).label("damaged"),
            count.filter(asset.captured_local.is_(None)).label("undated"),
            count.filter(asset.ingested_at > now - timedelta(hours=1)).label("last_hour"),
        ).where(asset.removed_at.is_(None))
    ).one()
    return status.AssetCounts(**row._mapping)  # noqa: SLF001  the documented way to a dict


def read_stage(session: orm.Session, stage: str) -> status.StageCounts:
    """Return how far a stage is; an asset without a row and without the flag is pending."""
    row = models.AssetStage
    done = getattr(models.MediaAsset, f"is_{stage}")
    state = sa.case((done, "done"), else_=sa.func.coalesce(row.state, "pending"))
    if stage == "geocoded":
        has_position = models.MediaAsset.location.is_not(None) | sa.exists().where(
            models.AssetLocation.asset_id == models.MediaAsset.id, models.AssetLocation.current
        )
        nowhere = row.state.is_(None) & ~done & ~has_position
        state = sa.case((nowhere, "not_applicable"), else_=state)
    counted = session.execute(
        sa.select(state.label("shown_state"), sa.func.count())
        .select_from(models.MediaAsset)
        .outerjoin(row, (row.asset_id == models.MediaAsset.id) & (row.stage == stage))
        .where(models.MediaAsset.removed_at.is_(None))
        .group_by(sa.literal_column("shown_state"))
    )
    return status.StageCounts(stage=stage, **{name: number for name, number in counted})  # noqa: C416


def read_files(session: orm.Session) -> dict[str, int]:
    """Return how many occurrences have which outcome."""
    undecided = sa.case((is_waiting(), "waiting"), else_="open")
    outcome = sa.func.coalesce(models.File.outcome, undecided)
    rows = session.execute(
        sa.select(outcome, sa.func.count())
        .where(models.File.superseded_at.is_(None))
        .group_by(outcome)
    )
    return {name: number for name, number in rows}  # noqa: C416


def read_latest(session: orm.Session) -> list[status.LatestAsset]:
    """Return the photos filed last."""
    asset, place = models.MediaAsset, models.AssetPlace
    rows = session.execute(
        sa.select(asset, place.city, place.country)
        .outerjoin(place, place.asset_id == asset.id)
        .where(asset.removed_at.is_(None))
        .order_by(asset.ingested_at.desc(), asset.id)
        .limit(LATEST)
    )
    return [
        status.LatestAsset(
            id=row.id,
            name=row.original_name,
            media_type=row.media_type,
            captured_local=row.captured_local,
            date_confidence=row.date_confidence,
            ingested_at=row.ingested_at,
            place=", ".join(part for part in (city, country) if part) or None,
            has_thumbnail=row.is_thumbnailed,
            has_errors=row.has_errors,
        )
        for row, city, country in rows
    ]


def read_errors(session: orm.Session) -> list[status.StageError]:
    """Return the latest failures of stages."""
    stage, asset = models.AssetStage, models.MediaAsset
    rows = session.execute(
        sa.select(stage, asset.original_name)
        .join(asset, asset.id == stage.asset_id)
        .where(stage.state.in_(("retrying", "quarantined")), stage.error.is_not(None))
        .order_by(stage.updated_at.desc())
        .limit(ERRORS)
    )
    return [
        status.StageError(
            asset_id=row.asset_id,
            name=name,
            stage=row.stage,
            state=row.state,
            error=row.error,
            attempts=row.attempts,
            next_attempt_at=row.next_attempt_at,
        )
        for row, name in rows
    ]


def read_unfiled(session: orm.Session) -> list[status.UnfiledFile]:
    """Return the latest files that are kept out of the library, then those that wait longest."""
    file = models.File
    kept_out = file.outcome.in_(("quarantined", "failed"))
    return [
        *_unfiled(session, kept_out, file.decided_at.desc().nulls_first()),
        *_unfiled(session, is_waiting(), file.first_seen_at.asc()),
    ]


def is_waiting() -> sa.ColumnElement[bool]:
    """Return the condition on files that were tried and have to wait, for their photo mostly."""
    return models.File.outcome.is_(None) & models.File.reason.is_not(None)


def read_damaged(session: orm.Session, limit: int | None = ERRORS) -> list[status.DamagedFile]:
    """Return the latest originals and sidecars that are in the library and not whole."""
    photos = session.execute(_DAMAGED_PHOTOS, {"limit": limit})
    sidecars = session.execute(_UNREAD_SIDECARS, {"limit": limit})
    return [status.DamagedFile(**row) for rows in (photos, sidecars) for row in rows.mappings()]


def _unfiled(
    session: orm.Session, condition: sa.ColumnElement[bool], order: sa.ColumnElement[Any]
) -> Iterator[status.UnfiledFile]:
    file = models.File
    rows = session.execute(
        sa.select(models.Source.source_path, file)
        .join(file, file.source_id == models.Source.id)
        .where(file.superseded_at.is_(None), condition)
        .order_by(order)
        .limit(ERRORS)
    )
    return (
        status.UnfiledFile(
            path=f"{folder.rstrip('/')}/{row.display_path}",
            outcome=row.outcome or "waiting",
            reason=row.reason,
            detail=row.detail,
            since=row.first_seen_at,
        )
        for folder, row in rows
    )


_DAMAGED_PHOTOS: Final = sa.text("""
    select a.id as asset_id, a.final_path as path, a.damage, w.final_path as whole
    from media_assets a
    left join lateral (select w.final_path from asset_links l
      join media_assets w on w.id = l.linked_asset_id and w.removed_at is null
      where l.asset_id = a.id and l.kind = 'complete' order by l.created_at limit 1) w on true
    where a.damage is not null and a.removed_at is null
    order by a.ingested_at desc, a.id limit :limit""")

_UNREAD_SIDECARS: Final = sa.text("""
    select l.asset_id, rtrim(r.path, '/') || '/' || l.relative_path as path,
      concat_ws(': ', f.reason, f.detail) as damage, null as whole
    from files f
    join asset_links l on l.asset_id = f.asset_id and l.file_hash = f.file_hash
    join roots r on r.id = l.root_id
    where f.outcome = 'companion' and f.reason = 'not read' and f.superseded_at is null
    order by f.decided_at desc, f.id limit :limit""")
