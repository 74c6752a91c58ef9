"""The brake on re-dating: many photos get another date only when a person has seen which.

Over the thresholds the roots of the photos are frozen and the job is held, until `photofactory
thaw` has shown its changes and a person has accepted or cancelled it. A job of the type `move`
needs no brake: it follows pictures that were counted.

Companions date photos by themselves. Those of one delivery come in any order and may; what they
would do to too many photos of earlier deliveries becomes a job, and is held like one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import orm

from librarian.redating import items, plan
from librarian.redating.plan import Change
from librarian.repository import braking
from librarian.repository import redating as rows
from shared import jobs, models
from shared.disk import mass_change, roots
from shared.disk.mass_change import Counts, Thresholds

ACCEPTED: Final = "accepted"
"""The key of `jobs.params` with the number of photos that a person has allowed."""


def reasons(
    redated: Mapping[UUID, int], known: Mapping[UUID | None, int], thresholds: Thresholds
) -> dict[UUID, str]:
    """Why roots have to be frozen before so many photos get another date; none if they need not."""
    found = {
        root_id: mass_change.reason_to_freeze(
            Counts(known.get(root_id, 0), redated=count), thresholds
        )
        for root_id, count in redated.items()
    }
    return {root_id: reason for root_id, reason in found.items() if reason is not None}


def allows(session: orm.Session, job_id: UUID, thresholds: Thresholds) -> bool:
    """Whether a job may change its photos; if not, it is held and their roots are frozen."""
    job = session.get_one(models.Job, job_id)
    redated = braking.by_job(session, job_id)
    if redated.total() <= job.params.get(ACCEPTED, 0):
        return True
    too_much = reasons(redated, rows.known(session), thresholds)
    if too_much:
        _hold(session, job, too_much)
    return not too_much


def held_back(
    session: orm.Session, changes: Sequence[Change], thresholds: Thresholds, now: datetime
) -> frozenset[UUID]:
    """Those photos of earlier deliveries that companions must not date: a job is held instead."""
    redated = plan.weighty(changes)
    if not redated:
        return frozenset()
    redated += braking.by_companions(session, now)
    too_much = reasons(redated, rows.known(session), thresholds)
    waiting = [each for each in changes if each.is_weighty and each.root_id in too_much]
    if waiting:
        job_id = uuid4()
        jobs.draft(session, job_id, braking.JOB, now=now)
        rows.add(session, job_id, [items.row_of(each) for each in waiting])
        _hold(session, session.get_one(models.Job, job_id), too_much)
    return frozenset(each.asset_id for each in waiting)


def accept(session: orm.Session, job: models.Job, now: datetime) -> None:
    """Let a held job go on: a person has seen what it changes."""
    redated = braking.by_job(session, job.id).total()
    jobs.submit(session, job.id, now=now, params={ACCEPTED: redated})


def _hold(session: orm.Session, job: models.Job, too_much: Mapping[UUID, str]) -> None:
    for root_id, reason in too_much.items():
        roots.freeze(session, root_id, f"{reason} (job {job.id}: {job.type})")
    jobs.hold(session, job.id, "; ".join(too_much.values()))
