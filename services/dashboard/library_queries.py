"""What status says of the photos: in numbers, by stage, the latest, the troubled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import orm

from dashboard import status
from shared import models

LATEST: Final = 12
ERRORS: Final = 20


def read_assets(
    session: orm.Session, now: datetime, stages: Sequence[str]
) -> tuple[status.AssetCounts, dict[str, int]]:
    """Return the library in numbers, and how many assets have the flag of each of ``stages``."""
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
            *(count.filter(getattr(asset, f"is_{stage}")).label(stage) for stage in stages),
        ).where(asset.removed_at.is_(None))
    ).one()
    counts = dict(row._mapping)  # noqa: SLF001  the documented way to a dict
    done = {stage: counts.pop(stage) for stage in stages}
    return status.AssetCounts(**counts), done


def read_stage(session: orm.Session, stage: str, *, total: int, done: int) -> status.StageCounts:
    """Return how far a stage is, which has ``done`` so many of ``total`` assets.

    An asset without a row and without the flag is pending, if there is something to do. What is
    unfinished is counted; all the rest is not applicable, and nobody looks at it.
    """
    has_work = _HAS_WORK.get(stage, "true")
    query = sa.text(_UNFINISHED.format(stage=stage, has_work=has_work))
    unfinished = {name: number for name, number in session.execute(query)}  # noqa: C416
    rest = total - done - sum(unfinished.values())
    return status.StageCounts(stage=stage, done=done, not_applicable=rest, **unfinished)


def read_files(session: orm.Session) -> dict[str, int]:
    """Return how many occurrences have which outcome."""
    return {name: number for name, number in session.execute(_OUTCOMES)}  # noqa: C416


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


_HAS_WORK: Final = {
    "geocoded": "(a.location is not null or exists (select from asset_locations l"
    " where l.asset_id = a.id and l.current))"
}

# Literals, so that the partial indexes of what is pending or unfinished serve.
_UNFINISHED: Final = """
    select s.state, count(*) from asset_stages s
    join media_assets a on a.id = s.asset_id and a.removed_at is null and not a.is_{stage}
    where s.stage = '{stage}' and s.state in ('running', 'retrying', 'quarantined')
    group by s.state
    union all
    select 'pending', count(*) from media_assets a
    where not a.is_{stage} and a.removed_at is null and {has_work} and not exists (
      select from asset_stages s where s.asset_id = a.id and s.stage = '{stage}')"""

# Nearly all files are decided: their outcomes are counted in the index alone.
_OUTCOMES: Final = sa.text("""
    select outcome, count(*) from files
    where superseded_at is null and outcome is not null group by outcome
    union all
    select case when reason is null then 'open' else 'waiting' end, count(*) from files
    where superseded_at is null and outcome is null group by 1""")

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
