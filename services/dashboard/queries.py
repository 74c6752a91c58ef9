"""The whole status in one snapshot of the ledger, one short query each; nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from dashboard import alerts, folder_queries, library_queries, status
from shared import colours, models

SHOWN_STAGES: Final = ("geocoded", "thumbnailed", "backed_up")


def read(session: orm.Session, now: datetime, expected: Sequence[str] = ()) -> status.Status:
    """Return the whole status as of one snapshot of the ledger; ``session`` must be unused.

    ``expected`` names the services that should run; without it all that ever reported are shown.
    """
    session.execute(sa.text("set transaction isolation level repeatable read"))
    services = read_services(session, now, expected)
    roots = folder_queries.read_roots(session)
    inboxes = folder_queries.read_inboxes(session)
    dead_letters = count_dead_letters(session)
    found = alerts.read(session, services, roots, inboxes, dead_letters)
    assets, done = library_queries.read_assets(session, now, SHOWN_STAGES)
    return status.Status(
        read_at=now,
        is_well=not found,
        alerts=found,
        services=services,
        assets=assets,
        stages=[
            library_queries.read_stage(session, stage, total=assets.total, done=done[stage])
            for stage in SHOWN_STAGES
        ],
        files=library_queries.read_files(session),
        inboxes=inboxes,
        roots=roots,
        backups=folder_queries.read_backups(session),
        errors=library_queries.read_errors(session),
        unfiled=library_queries.read_unfiled(session),
        damaged=library_queries.read_damaged(session),
        jobs=read_jobs(session),
        dead_letters=dead_letters,
        latest=library_queries.read_latest(session),
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


def read_jobs(session: orm.Session) -> list[status.JobStatus]:
    """Return the open jobs with what became of their files or photos so far."""
    jobs = session.scalars(
        sa.select(models.Job)
        .where(models.Job.state.in_(("pending", "running", "paused")))
        .order_by(models.Job.created_at)
    ).all()
    of_files = sa.select(
        models.JobFile.job_id, sa.func.coalesce(models.JobFile.outcome, "open").label("outcome")
    )
    of_photos = sa.select(
        models.JobAsset.job_id,
        sa.func.replace(models.JobAsset.state, "planned", "open").label("outcome"),
    )
    items = sa.union_all(of_files, of_photos).subquery()
    rows = session.execute(
        sa.select(items.c.job_id, items.c.outcome, sa.func.count())
        .where(items.c.job_id.in_([job.id for job in jobs]))
        .group_by(items.c.job_id, items.c.outcome)
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


def count_dead_letters(session: orm.Session) -> int:
    """Return how many undecodable events nobody has replayed or dropped."""
    letter = models.DeadLetter
    query = sa.select(sa.func.count()).select_from(letter).where(letter.state == "open")
    return session.scalar(query) or 0
