"""Commands: a row that somebody asks for and its owner works off; the event only wakes.

A claim is the state running with an owner; when the owner is dead the job is free at once and
goes on where its rows say. Counts are derived from ``job_files``, never incremented.
Paused is a draft, or a job that is held for a person; then its error says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import orm

from shared import event_log, events, ledger, models, ownership
from shared.models import arrivals

OWNERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ingest": "librarian",
        "redate": "librarian",
        "clock_fix": "librarian",
        "companions": "librarian",
        "move": "librarian",
        "undo": "librarian",
    }
)
"""Which service works off which type of job; a type that nobody owns cannot be asked for."""

OPEN: Final = ("pending", "running", "paused")
DRAFT_AGE: Final = timedelta(hours=1)
ENDED: Final = tuple(state for state in arrivals.JOB_STATES if state not in OPEN)

PENDING: Final = f"state = 'pending' or (state = 'running' and {ownership.is_free('owner')})"
"""SQL: the job waits for its owner, or was left by one that died."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a job is: files found, of these without an outcome, and the rest by outcome."""

    found: int
    open: int
    by_outcome: Mapping[str, int]


def request(
    session: orm.Session,
    job_type: str,
    params: Mapping[str, Any],
    *,
    now: datetime,
    undoes: UUID | None = None,
) -> UUID:
    """Ask for a job: its row and the event that wakes the owner; return its id."""
    if job_type not in OWNERS:
        raise ValueError(f"no service works off jobs of type {job_type!r}")
    job_id = uuid4()
    session.execute(
        sa.insert(models.Job).values(
            id=job_id, type=job_type, params=dict(params), created_at=now, undoes_job_id=undoes
        )
    )
    event_log.append(session, [events.JobRequestedV1(job_id=job_id, job_type=job_type)], now=now)
    return job_id


def draft(
    session: orm.Session, job_id: UUID, job_type: str, *, now: datetime, undoes: UUID | None = None
) -> None:
    """Begin a job whose items take several transactions; nobody works on it before ``submit``."""
    if job_type not in OWNERS:
        raise ValueError(f"no service works off jobs of type {job_type!r}")
    session.execute(
        sa.insert(models.Job).values(
            id=job_id, type=job_type, state="paused", created_at=now, undoes_job_id=undoes
        )
    )


def submit(
    session: orm.Session, job_id: UUID, *, now: datetime, params: Mapping[str, Any] | None = None
) -> None:
    """Hand a complete draft or a held job to its owner; the event wakes it."""
    job_type = session.scalar(
        sa.update(models.Job)
        .where(models.Job.id == job_id, models.Job.state == "paused")
        .values(state="pending", error=None, params=models.Job.params.concat(dict(params or {})))
        .returning(models.Job.type)
    )
    if job_type is not None:
        event_log.append(
            session, [events.JobRequestedV1(job_id=job_id, job_type=job_type)], now=now
        )


def hold(session: orm.Session, job_id: UUID, reason: str) -> bool:
    """Let an open job wait for a person (``submit`` or ``cancel``); return whether it was open."""
    held = session.scalar(
        sa.update(models.Job)
        .where(models.Job.id == job_id, models.Job.state.in_(OPEN))
        .values(state="paused", error=ledger.clean(reason), owner=None)
        .returning(models.Job.id)
    )
    return held is not None


def claim(
    session: orm.Session, types: Sequence[str], *, owner: int, now: datetime
) -> models.Job | None:
    """Claim the oldest job of ``types`` that is free; None when there is none."""
    job_id = session.scalar(
        sa.text(
            f"""
            update jobs set state = 'running', owner = :owner,
              started_at = coalesce(started_at, :now)
            where id = (
              select id from jobs
              where state in ('pending', 'running', 'paused') and type = any(:types)
                and ({PENDING})
              order by created_at, id limit 1 for update skip locked)
            returning id"""
        ),
        {"owner": owner, "now": now, "types": list(types)},
    )
    return session.get(models.Job, job_id, populate_existing=True) if job_id else None


def progress(session: orm.Session, job_id: UUID, result: Mapping[str, Any]) -> bool:
    """Store how far a job is; return whether it is still wanted (False = stop working on it)."""
    return _change(session, job_id, result=dict(result))


def is_wanted(session: orm.Session, job_id: UUID) -> bool:
    """Return whether the job is still running: nobody cancelled or paused it."""
    return session.scalar(sa.select(models.Job.state).where(models.Job.id == job_id)) == "running"


def finish(
    session: orm.Session,
    job_id: UUID,
    *,
    now: datetime,
    result: Mapping[str, Any] | None = None,
) -> bool:
    """Complete a running job; return whether it was still running."""
    values: dict[str, Any] = {"state": "completed", "completed_at": now, "owner": None}
    return _change(session, job_id, **values, **({"result": dict(result)} if result else {}))


def fail(
    session: orm.Session, job_id: UUID, error: str, *, now: datetime, state: str = "failed"
) -> bool:
    """End a running job as failed (or "halted") and say why; return whether it was running."""
    return _change(
        session, job_id, state=state, error=ledger.clean(error), completed_at=now, owner=None
    )


def release(session: orm.Session, job_id: UUID) -> bool:
    """Give a running job back, to be claimed again; return whether it was running."""
    return _change(session, job_id, state="pending", owner=None)


def cancel(session: orm.Session, job_id: UUID, *, now: datetime) -> bool:
    """Cancel an open job; return whether it was open. What it did so far stays."""
    cancelled = session.scalar(
        sa.update(models.Job)
        .where(models.Job.id == job_id, models.Job.state.in_(OPEN))
        .values(state="cancelled", completed_at=now, owner=None)
        .returning(models.Job.id)
    )
    return cancelled is not None


def end_drafts(session: orm.Session, *, now: datetime) -> None:
    """Cancel drafts that nobody has handed over for an hour: the command that made them died."""
    session.execute(
        sa.update(models.Job)
        .where(
            models.Job.state == "paused",
            models.Job.error.is_(None),
            models.Job.created_at < now - DRAFT_AGE,
        )
        .values(state="cancelled", completed_at=now, error="its command ended before it was ready")
    )


def counts(session: orm.Session, job_id: UUID) -> Counts:
    """Return the counts of a job; found is the sum of the rest."""
    rows = session.execute(
        sa.select(models.JobFile.outcome, sa.func.count())
        .where(models.JobFile.job_id == job_id)
        .group_by(models.JobFile.outcome)
    )
    numbers: dict[str | None, int] = dict(rows.all())
    by_outcome = {outcome: count for outcome, count in numbers.items() if outcome is not None}
    return Counts(sum(numbers.values()), numbers.get(None, 0), by_outcome)


def _change(session: orm.Session, job_id: UUID, **values: Any) -> bool:  # noqa: ANN401  columns
    changed = session.scalar(
        sa.update(models.Job)
        .where(models.Job.id == job_id, models.Job.state == "running")
        .values(**values)
        .returning(models.Job.id)
    )
    return changed is not None
