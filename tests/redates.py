"""Redates of a small factory: asked for as the commands do, worked off as the librarian does.

Run as ``python -m redates URL FOLDER SOURCE_ID FAULT`` it works off what is asked for, and may be
killed by the fault on the way.
"""

import datetime
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

import photos
from factories import Factory
from hand_clock import GoingOn
from librarian.desk import Desk
from librarian.loops import WORKERS
from librarian.redating import criteria, plan, survey
from librarian.redating.overrides import ClockFix
from librarian.redating.plan import How
from librarian.redating.survey import Asked, Survey
from librarian.repository import originals
from shared import faults, jobs, models
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import mass_change
from shared.disk.mass_change import Thresholds

OLD: Final = datetime.datetime.fromisoformat("2001-02-03T04:05:06")
"""A wall clock that none of these photos shows."""


def fill(factory: Factory, count: int) -> None:
    """File so many photos more."""
    for number in range(count):
        factory.drop(f"{number}.jpg", photos.jpeg(taken="2019:07:14 12:00:00", seed=100 + number))
    factory.file()


def day_off(days: int) -> ClockFix:
    """A clock that is wrong by whole days."""
    return ClockFix(shift=datetime.timedelta(days=days))


def preview(
    factory: Factory,
    where: Sequence[str] = (),
    fix: ClockFix | None = None,
    *,
    is_moving: bool = False,
    job_id: uuid.UUID | None = None,
) -> Survey:
    """What would change."""
    with factory.database.read() as session:
        zone = originals.default_zone(session)
    how = How(zone, job_id or uuid.uuid4(), fix, is_moving)
    return survey.survey(factory.database, criteria.parse(where), how)


def ask(
    factory: Factory,
    where: Sequence[str] = (),
    fix: ClockFix | None = None,
    *,
    is_moving: bool = False,
    is_accepted: bool = False,
) -> uuid.UUID:
    """Ask for the job; nobody works on it yet."""
    job_id = uuid.uuid4()
    found = preview(factory, where, fix, is_moving=is_moving, job_id=job_id)
    job_type = "clock_fix" if fix else "redate"
    accepted = plan.weighty(found.changes).total() if is_accepted else 0
    asked = Asked(job_id, job_type, accepted)
    survey.request(factory.database, asked, found, SystemClock().now())
    return job_id


def undo(factory: Factory, job_id: uuid.UUID) -> uuid.UUID:
    """Ask for taking a job back."""
    new_id = uuid.uuid4()
    found = survey.undoing(factory.database, job_id)
    asked = Asked(new_id, "undo", undoes=job_id)
    survey.request(factory.database, asked, found, SystemClock().now())
    return new_id


def work(factory: Factory, brake: Thresholds = mass_change.USUAL) -> int:
    """Work off every job that is free, like a librarian that just started; how many it ended."""
    clock, ended = SystemClock(), 0
    with factory.filer() as filer:
        owner = filer.means.owner.id
        desk = Desk(factory.database, filer, clock, owner, GoingOn(), brake)
        while job := factory.database.run(
            lambda session: jobs.claim(session, tuple(WORKERS), owner=owner, now=clock.now())
        ):
            worker = WORKERS[job.type](job, desk)
            while not worker.visit():
                pass
            factory.database.run(
                lambda session, job_id=job.id: jobs.finish(session, job_id, now=clock.now())  # type: ignore[misc]
            )
            ended += 1
    return ended


def set_zone(factory: Factory, name: str) -> None:
    """Change the household's zone."""
    with factory.database.transaction() as session:
        session.execute(sa.update(models.Ledger).values(default_zone=name))


def pretend_older_rules(factory: Factory, **values: Any) -> None:  # noqa: ANN401  columns
    """Give every photo a decision that no rule of today makes."""
    with factory.database.transaction() as session:
        session.execute(sa.update(models.MediaAsset).values(**values))


def main(arguments: list[str]) -> None:
    """Work off every job."""
    url, folder, source_id, fault = arguments
    faults.arm(fault)
    base = Path(folder)
    with Database(url, application_name="librarian-child") as database:
        work(Factory(base / "Photos_Inbox", base / "Originals", uuid.UUID(source_id), database))


if __name__ == "__main__":
    main(sys.argv[1:])
