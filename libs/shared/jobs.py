"""Jobs: what a person or a service asked for. The row is the command; its event only wakes.

States: pending -> running -> completed | failed; cancelled and halted by a person. A running job
whose owner died is free at once and is taken up again from its items.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from shared import event_log, events, models, ownership
from shared.models.base import Json


def request(session: orm.Session, job_type: str, params: dict[str, Json], *, now: datetime) -> UUID:
    """Insert a pending job and the event that wakes its owner; return its id."""
    job = models.Job(type=job_type, params=params, created_at=now)
    session.add(job)
    session.flush()
    event_log.append(session, [events.JobRequestedV1(job_id=job.id, job_type=job_type)], now=now)
    return job.id


def claim(
    session: orm.Session, types: Sequence[str], *, owner: int, now: datetime
) -> models.Job | None:
    """Return the oldest open job of these types that nobody alive works on, made ours."""
    job = models.Job
    free = sa.text(ownership.is_free("jobs.owner"))
    found = session.scalars(
        sa.select(job)
        .where(job.type.in_(types), job.state.in_(("pending", "running")), free)
        .order_by(job.created_at, job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if found is not None:
        found.state = "running"
        found.owner = owner
        found.started_at = found.started_at or now
    return found


def finish(
    session: orm.Session, job_id: UUID, *, now: datetime, result: dict[str, Json] | None = None
) -> None:
    """Complete a running job."""
    _end(session, job_id, {"state": "completed", "result": result}, now)


def fail(session: orm.Session, job_id: UUID, error: str, *, now: datetime) -> None:
    """End a running job that cannot go on, with the reason."""
    _end(session, job_id, {"state": "failed", "error": error}, now)


def _end(session: orm.Session, job_id: UUID, values: dict[str, Json], now: datetime) -> None:
    session.execute(
        sa.update(models.Job)
        .where(models.Job.id == job_id, models.Job.state == "running")
        .values(owner=None, completed_at=now, **values)
    )
