"""Looks through the library for what a redate would change, and asks for the job that does it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from librarian.redating import brake, items, plan
from librarian.redating.criteria import Criteria
from librarian.redating.decisions import Stored
from librarian.redating.items import Item
from librarian.redating.plan import Change, How
from librarian.repository import pairs
from librarian.repository import redating as rows
from librarian.repository.pairs import Follower
from shared import jobs, models
from shared.database import Database
from shared.errors import UserError

PAGE: Final = 1_000
CHUNK: Final = 2_000


@dataclasses.dataclass(slots=True)
class Survey:
    """What was found: `known` photos by root, of which `seen` were looked at.

    `kept` have a date that a person set, `other_clock` are not dated by a camera's clock (clock
    fix), `misplaced` lie in another folder than that of their date and stay there. `followers` are
    the other halves of pictures that move, brought to them by a job of their own.
    """

    known: Mapping[UUID | None, int]
    seen: int = 0
    kept: int = 0
    other_clock: int = 0
    misplaced: int = 0
    changes: list[Change] = dataclasses.field(default_factory=list)
    followers: list[Follower] = dataclasses.field(default_factory=list)

    def add(self, look: plan.Look) -> None:
        """Count one photo."""
        self.seen += 1
        self.kept += look.is_kept
        self.other_clock += look.is_of_other_clock
        self.misplaced += look.is_misplaced
        if look.change is not None:
            self.changes.append(look.change)


def survey(database: Database, criteria: Criteria, how: How) -> Survey:
    """Every change that the rules ask for; nothing is written."""
    with database.read() as session:
        found = Survey(rows.known(session))
    for stored in stream(database, criteria):
        found.add(plan.look(stored, how))
    return _followed(database, found)


def stream(database: Database, criteria: Criteria) -> Iterator[Stored]:
    """Every photo that fits, page by page, with no transaction open while it is looked at."""
    after: UUID | None = None
    while True:
        with database.read() as session:
            found = rows.page(session, criteria, after=after, limit=PAGE)
        yield from found
        if len(found) < PAGE:
            return
        after = found[-1].asset_id


def undoing(database: Database, undoes: UUID) -> Survey:
    """Every change that takes back what another job did, of photos that are still there.

    Raises UserError for a job that is not known, not over, or has nothing to take back.
    """
    with database.read() as session:
        job = session.get(models.Job, undoes)
        if job is None or job.type not in plan.REASONS:
            raise UserError(f"no job {undoes} has changed dates", "redate prints the id of its job")
        if job.state not in jobs.ENDED:
            raise UserError(f"job {undoes} is {job.state}", "wait until it is over")
        found = Survey(rows.known(session))
    for item in items_of(database, undoes, "applied"):
        found.seen += 1
        found.changes.append(item.reverse())
    if not found.changes:
        raise UserError(f"job {undoes} has nothing (any more) to take back")
    return _followed(database, found)


def of_job(database: Database, job_id: UUID) -> Survey:
    """Every change that a job has still to make."""
    with database.read() as session:
        found = Survey(rows.known(session))
    for item in items_of(database, job_id, "planned"):
        found.seen += 1
        found.changes.append(item.change())
    return _followed(database, found)


def _followed(database: Database, found: Survey) -> Survey:
    """The same, with the partners that go where their pictures go."""
    moved = [(change.asset_id, change.folder) for change in found.changes if change.folder]
    for start in range(0, len(moved), CHUNK):
        with database.read() as session:
            found.followers += pairs.followers(session, dict(moved[start : start + CHUNK]))
    return found


def items_of(database: Database, job_id: UUID, state: str) -> Iterator[Item]:
    """The items of a job in a state, page by page."""
    after: UUID | None = None
    while True:
        with database.read() as session:
            found = rows.items(session, job_id, state, after=after, limit=PAGE)
        yield from found
        if len(found) < PAGE:
            return
        after = found[-1].asset_id


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A job to ask for; a person has allowed it to give `accepted` photos another date."""

    job_id: UUID
    job_type: str
    accepted: int = 0
    undoes: UUID | None = None


def request(database: Database, asked: Asked, found: Survey, now: datetime) -> None:
    """Ask for the job that makes exactly these changes.

    It is planned in short transactions; only the last one wakes the owner.
    """
    database.run(
        lambda session: jobs.draft(
            session, asked.job_id, asked.job_type, now=now, undoes=asked.undoes
        )
    )
    for start in range(0, len(found.changes), CHUNK):
        chunk = [items.row_of(change) for change in found.changes[start : start + CHUNK]]
        with database.transaction() as session:
            rows.add(session, asked.job_id, chunk)
    params = {brake.ACCEPTED: asked.accepted}
    database.run(lambda session: jobs.submit(session, asked.job_id, now=now, params=params))
