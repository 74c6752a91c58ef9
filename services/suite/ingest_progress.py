"""Follows an ingest job: a progress bar with rate and time left, then the balance."""

import time
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from librarian import arrivals
from shared import models
from shared.database import Database
from shared.errors import DependencyError
from suite import terminal

POLL_S = 0.3
TROUBLE = ("quarantined", "failed", "vanished")
NAMED = ("waiting", *TROUBLE)
ORDER = ("filed", "companion", "duplicate", "ignored", *NAMED)
LISTED = 20

OUTCOME = sa.case(
    (models.JobFile.reason == sa.literal_column(f"'{arrivals.NO_PHOTO_YET}'"), "waiting"),
    else_=sa.func.coalesce(models.JobFile.outcome, "open"),
)
"""What became of a file of a job, as people count it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A job as it stands: its state, and how many of its files have which outcome."""

    state: str
    error: str | None
    counts: dict[str, int]

    @property
    def found(self) -> int:
        """Files found so far."""
        return sum(self.counts.values())

    @property
    def decided(self) -> int:
        """Files with an outcome."""
        return self.found - self.counts.get("open", 0)

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.state not in {"pending", "running", "paused"}


def follow(database: Database, job_id: UUID) -> int:
    """Show progress until the job is over; return 0 if every file found its place, else 1."""
    console = terminal.console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    is_seen = console.is_terminal  # else it would leave an empty line in a script's output
    with Progress(*columns, console=console, transient=True, disable=not is_seen) as progress:
        task = progress.add_task("looking", total=None, rate="")
        reading = read(database, job_id)
        while not reading.is_over:
            elapsed = progress.tasks[0].elapsed or 0.0
            rate = f"{reading.decided / elapsed:.0f} files/s" if elapsed > 1 else ""
            words = "filing" if reading.counts.get("filed") else "looking"
            progress.update(
                task,
                description=words,
                completed=reading.decided,
                total=reading.found or None,
                rate=rate,
            )
            time.sleep(POLL_S)
            reading = patient_read(database, job_id, reading)
    return balance(database, job_id, reading, console)


def patient_read(database: Database, job_id: UUID, last: Reading) -> Reading:
    """Return the job's present state, or the last one while the database is away for a moment."""
    try:
        return read(database, job_id)
    except DependencyError:
        return last


def read(database: Database, job_id: UUID) -> Reading:
    """Return the job as it stands."""
    with database.read() as session:
        job = session.get_one(models.Job, job_id)
        rows = session.execute(
            sa.select(OUTCOME, sa.func.count())
            .where(models.JobFile.job_id == job_id)
            .group_by(OUTCOME)
        ).all()
    return Reading(job.state, job.error, {name: count for name, count in rows})  # noqa: C416


def balance(database: Database, job_id: UUID, reading: Reading, console: Console) -> int:
    """Print found = sum of the outcomes, and the files that did not get in."""
    parts = [f"{reading.counts[name]} {name}" for name in ORDER if reading.counts.get(name)]
    if left := reading.counts.get("open"):
        parts.append(f"{left} not decided")
    total = f"{reading.found} files found = {' + '.join(parts) or '0'}"
    console.print(total, soft_wrap=True)  # one line, whatever reads it
    if why := ignored(database, job_id):
        console.print(f"  ignored, by rule: {terminal.plain(why)}", markup=False, soft_wrap=True)
    for path, outcome, reason in named(database, job_id):
        console.print(
            f"  {outcome}: {terminal.plain(f'{path}: {reason}')}", markup=False, soft_wrap=True
        )
    if reading.state != "completed":
        console.print(f"job {job_id} {reading.state}: {reading.error or ''}", markup=False)
    in_place = reading.state == "completed" and not any(
        reading.counts.get(name) for name in TROUBLE
    )
    return 0 if in_place else 1


def ignored(database: Database, job_id: UUID) -> str:
    """Return why files were passed over, and how many for each reason."""
    item, number = models.JobFile, sa.func.count()
    with database.read() as session:
        rows = session.execute(
            sa.select(item.reason, number)
            .where(item.job_id == job_id, OUTCOME == "ignored")
            .group_by(item.reason)
            .order_by(number.desc(), item.reason)
        ).all()
    return ", ".join(f"{count} {reason}" for reason, count in rows)


def named(database: Database, job_id: UUID) -> list[tuple[str, str, str]]:
    """Return path, outcome and reason of the first files that did not get in, or not yet."""
    item, file = models.JobFile, models.File
    is_waiting = OUTCOME == "waiting"
    reason = sa.case((is_waiting, file.reason), else_=item.reason)
    detail = sa.case((is_waiting, file.detail), else_=item.detail)
    with database.read() as session:
        rows = session.execute(
            sa.select(file.display_path, OUTCOME, reason, detail)
            .join(file, file.id == item.file_id)
            .where(item.job_id == job_id, OUTCOME.in_(NAMED))
            .order_by(file.display_path)
            .limit(LISTED)
        ).all()
    return [
        (path, outcome, ": ".join(part for part in (why, what) if part))
        for path, outcome, why, what in rows
    ]
