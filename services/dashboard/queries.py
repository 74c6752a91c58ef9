"""Every reading of status, one short query each; nothing here writes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from dashboard import status
from shared import colours, models
from shared.disk import damages, disk_space

SHOWN_STAGES: Final = ("geocoded", "thumbnailed", "backed_up")
LATEST: Final = 12
ERRORS: Final = 20
ALMOST_FULL_BYTES: Final = disk_space.Floors().thumbnails_bytes
"""Where the first services stop to write."""


def read(session: orm.Session, now: datetime, expected: Sequence[str] = ()) -> status.Status:
    """Return the whole status as of one snapshot of the ledger; ``session`` must be unused.

    ``expected`` names the services that should run; without it all that ever reported are shown.
    """
    session.execute(sa.text("set transaction isolation level repeatable read"))
    services = read_services(session, now, expected)
    roots = read_roots(session)
    inboxes = read_inboxes(session)
    backups = read_backups(session)
    letters = session.scalar(
        sa.select(sa.func.count())
        .where(models.DeadLetter.state == "open")
        .select_from(models.DeadLetter)
    )
    alerts = read_alerts(session, services, roots, inboxes) + dead_letter_alert(letters or 0)
    return status.Status(
        read_at=now,
        is_well=not alerts,
        alerts=alerts,
        services=services,
        assets=read_assets(session, now),
        stages=[read_stage(session, stage) for stage in SHOWN_STAGES],
        files=read_files(session),
        inboxes=inboxes,
        roots=roots,
        backups=backups,
        errors=read_errors(session),
        unfiled=read_unfiled(session),
        jobs=read_jobs(session),
        dead_letters=letters or 0,
        latest=read_latest(session),
    )


def read_services(
    session: orm.Session, now: datetime, expected: Sequence[str] = ()
) -> list[status.ServiceStatus]:
    """Return the services with the colour of their state now."""
    rows = {row.service_name: row for row in session.scalars(sa.select(models.SystemStatus))}
    return [of_service(name, rows.get(name), now) for name in expected or sorted(rows)]


def of_service(name: str, row: models.SystemStatus | None, now: datetime) -> status.ServiceStatus:
    """Return what a service's row says now; None = it never reported."""
    if row is None:
        return status.ServiceStatus(
            name=name,
            colour=colours.of_service(None, "UNKNOWN"),
            status="UNKNOWN",
            heartbeat_age_s=None,
            last_heartbeat_at=None,
            interval_s=30,
            current_task=None,
        )
    age_s = max(0, int((now - row.last_heartbeat).total_seconds()))
    return status.ServiceStatus(
        name=name,
        colour=colours.of_service(age_s, row.status, row.interval_s),
        status=row.status,
        heartbeat_age_s=age_s,
        last_heartbeat_at=row.last_heartbeat,
        interval_s=row.interval_s,
        current_task=row.current_task,
    )


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
    outcome = sa.func.coalesce(models.File.outcome, "open")
    rows = session.execute(
        sa.select(outcome, sa.func.count())
        .where(models.File.superseded_at.is_(None))
        .group_by(outcome)
    )
    return {name: number for name, number in rows}  # noqa: C416


def read_inboxes(session: orm.Session) -> list[status.InboxStatus]:
    """Return every watched folder."""
    rows = session.execute(
        sa.select(models.Source, models.Root.state, models.Root.state_reason)
        .outerjoin(models.Root, models.Root.id == models.Source.root_id)
        .where(models.Source.auto_import, models.Source.deleted_at.is_(None))
        .order_by(models.Source.created_at)
    )
    return [
        status.InboxStatus(
            name=source.name,
            path=source.source_path,
            mode=source.default_import_mode,
            watching=source.watching,
            watching_reason=source.watching_reason,
            state=state or "online",
            state_reason=state_reason,
            waiting=source.waiting,
            unreadable=source.unreadable,
            last_scanned_at=source.last_scanned_at,
        )
        for source, state, state_reason in rows
    ]


def read_roots(session: orm.Session) -> list[status.RootStatus]:
    """Return our folder trees in use with the room on their disks."""
    kinds = ("originals", "derivatives", "backup")
    target = models.BackupTarget
    no_more_used = sa.select(target.root_id).where(target.is_active.is_(False))
    rows = session.scalars(
        sa.select(models.Root)
        .where(models.Root.kind.in_(kinds), models.Root.id.not_in(no_more_used))
        .order_by(models.Root.added_at)
    )
    found = []
    for root in rows:
        free, total = room(root.path)
        found.append(
            status.RootStatus(
                kind=root.kind,
                path=root.path,
                state=root.state,
                state_reason=root.state_reason,
                free_bytes=free,
                total_bytes=total,
            )
        )
    return found


def room(path: str) -> tuple[int | None, int | None]:
    """Return free and total bytes of the disk that holds ``path``; None when it is not there."""
    try:
        facts = os.statvfs(path)
    except OSError:
        return None, None
    return facts.f_bavail * facts.f_frsize, facts.f_blocks * facts.f_frsize


def read_backups(session: orm.Session) -> list[status.BackupStatus]:
    """Return every active backup target with how much of the library it holds."""
    verified = sa.func.count().filter(models.AssetCopy.state == "verified")
    filed = session.scalar(
        sa.select(sa.func.count())
        .select_from(models.MediaAsset)
        .where(models.MediaAsset.relative_path.is_not(None), models.MediaAsset.removed_at.is_(None))
    )
    rows = session.execute(
        sa.select(models.BackupTarget, models.Root.path, verified)
        .join(models.Root, models.Root.id == models.BackupTarget.root_id)
        .outerjoin(models.AssetCopy, models.AssetCopy.target_id == models.BackupTarget.id)
        .where(models.BackupTarget.is_active)
        .group_by(models.BackupTarget.id, models.Root.path)
        .order_by(models.BackupTarget.name)
    )
    return [
        status.BackupStatus(
            name=target.name,
            path=path,
            is_same_disk=target.is_same_disk,
            verified_copies=copies,
            missing_copies=max(0, (filed or 0) - copies),
        )
        for target, path, copies in rows
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
    """Return the latest files that are kept out of the library, each with its reason."""
    file = models.File
    rows = session.execute(
        sa.select(models.Source.source_path, file)
        .join(file, file.source_id == models.Source.id)
        .where(file.superseded_at.is_(None), file.outcome.in_(("quarantined", "failed")))
        .order_by(file.decided_at.desc().nulls_first())
        .limit(ERRORS)
    )
    return [
        status.UnfiledFile(
            path=f"{folder.rstrip('/')}/{row.display_path}",
            outcome=row.outcome,
            reason=row.reason,
            detail=row.detail,
        )
        for folder, row in rows
    ]


def read_jobs(session: orm.Session) -> list[status.JobStatus]:
    """Return the open jobs with the outcomes of their files so far."""
    jobs = session.scalars(
        sa.select(models.Job)
        .where(models.Job.state.in_(("pending", "running", "paused")))
        .order_by(models.Job.created_at)
    ).all()
    outcome = sa.func.coalesce(models.JobFile.outcome, "open")
    rows = session.execute(
        sa.select(models.JobFile.job_id, outcome, sa.func.count())
        .where(models.JobFile.job_id.in_([job.id for job in jobs]))
        .group_by(models.JobFile.job_id, outcome)
    ).all()
    return [
        status.JobStatus(
            id=job.id,
            type=job.type,
            state=job.state,
            created_at=job.created_at,
            counts={name: number for job_id, name, number in rows if job_id == job.id},
        )
        for job in jobs
    ]


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


def read_alerts(
    session: orm.Session,
    services: list[status.ServiceStatus],
    roots: list[status.RootStatus],
    inboxes: list[status.InboxStatus],
) -> list[str]:
    """Return what a person has to look at, worst first, each with its reason."""
    alerts: list[str] = []
    if frozen := session.scalar(sa.select(models.Ledger.frozen_reason)):
        alerts.append(f"Filing is frozen: {frozen}")
    alerts += [
        f"{root.kind} {root.path} is {root.state}: {root.state_reason or 'not there'}"
        + ("; ./photofactory thaw shows what changed" if root.state == "frozen" else "")
        for root in roots
        if root.state != "online"
    ]
    alerts += lost_originals_alert(session)
    alerts += [
        f"The disk of {root.kind} ({root.path}) is almost full"
        for root in roots
        if root.free_bytes is not None and root.free_bytes < ALMOST_FULL_BYTES
    ]
    alerts += [
        f"Inbox {inbox.path} is {inbox.state}: {inbox.state_reason or 'not there'}"
        for inbox in inboxes
        if inbox.state != "online"
    ]
    return alerts + [service_alert(each) for each in services if each.colour == "red"]


def lost_originals_alert(session: orm.Session) -> list[str]:
    """Return what to do about originals that were whole when they were filed and are not now."""
    lost = (
        sa.select(sa.func.count())
        .select_from(models.MediaAsset)
        .where(
            models.MediaAsset.damage.in_(damages.FOUND_BY_SURVEY),
            models.MediaAsset.removed_at.is_(None),
        )
    )
    count = session.scalar(lost)
    if not count:
        return []
    return [
        f"{count} {'original is' if count == 1 else 'originals are'} missing or changed:"
        " ./photofactory reconcile names them, receipt tells where each one's copy is"
    ]


def service_alert(service: status.ServiceStatus) -> str:
    """Return why a service is red; the text does not change from second to second."""
    if service.last_heartbeat_at is None:
        return f"{service.name} has never reported"
    if service.status == "ERROR":
        return f"{service.name}: {service.current_task or 'error'}"
    return f"{service.name} is silent since {service.last_heartbeat_at:%Y-%m-%d %H:%M} UTC"


def dead_letter_alert(count: int) -> list[str]:
    """Return the alert of undecodable events, if there are any."""
    return [f"{count} dead letters: see photofactory dead-letters list"] if count else []
