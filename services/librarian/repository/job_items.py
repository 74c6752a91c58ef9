"""The files of an ingest job: every file found is one item; counts are derived from items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

from librarian.arrivals import Found
from librarian.domain import naming
from shared import models

File, JobFile = models.File, models.JobFile


def open_files(
    session: orm.Session, source_id: UUID, job_id: UUID, files: Sequence[Found]
) -> dict[bytes, UUID]:
    """Return the ids of the live rows of ``files``, made where missing; each is an open item."""
    rows = session.execute(
        pg.insert(File)
        .on_conflict_do_update(
            index_elements=["source_id", "path"],
            index_where=sa.text("superseded_at is null"),
            set_={"superseded_at": None},  # changes nothing: only makes RETURNING say the id
        )
        .returning(File.id, File.path),
        [
            {
                "source_id": source_id,
                "path": file.path,
                "display_path": naming.display(file.path),
                "original_name": naming.display(file.path.rpartition(b"/")[2]),
                "size_bytes": file.size,
                "mtime_ns": file.mtime_ns,
                "job_id": job_id,
            }
            for file in files
        ],
    )
    ids = {row.path: row.id for row in rows}
    add(session, job_id, list(ids.values()))
    return ids


def add(session: orm.Session, job_id: UUID, file_ids: Sequence[UUID]) -> None:
    """Make files open items of the job; those that are items already stay as they are."""
    if file_ids:
        session.execute(
            pg.insert(JobFile).on_conflict_do_nothing(),
            [{"job_id": job_id, "file_id": file_id} for file_id in file_ids],
        )


def note(  # noqa: PLR0913  one row's values
    session: orm.Session, source_id: UUID, job_id: UUID, path: bytes, outcome: str, reason: str
) -> None:
    """Make an item of a file that was left out by a rule or could not be read."""
    ids = open_files(session, source_id, job_id, [Found(path, 0, 0, 0, 0)])
    session.execute(
        sa.update(File)
        .where(File.id.in_(ids.values()), File.outcome.is_(None))
        .values(outcome=outcome, reason=reason, decided_at=sa.func.now())
    )
    decide(session, job_id, list(ids.values()), outcome, reason)


def decide(
    session: orm.Session,
    job_id: UUID,
    file_ids: Sequence[UUID] | None,
    outcome: str,
    reason: str | None,
) -> None:
    """Give open items (None: all of them) their outcome."""
    statement = sa.update(JobFile).where(JobFile.job_id == job_id, JobFile.outcome.is_(None))
    if file_ids is not None:
        statement = statement.where(JobFile.file_id.in_(file_ids))
    session.execute(statement.values(outcome=outcome, reason=reason))


def recorded(session: orm.Session, job_id: UUID, file_ids: Iterable[UUID]) -> list[UUID]:
    """Return those of the files that this job has filed, or recognised as filed."""
    return list(
        session.scalars(
            sa.select(JobFile.file_id).where(
                JobFile.job_id == job_id,
                JobFile.file_id.in_(file_ids),
                JobFile.outcome.in_(("filed", "duplicate", "companion")),
            )
        )
    )


def has_work_left(session: orm.Session, job_id: UUID, harmless_reason: str) -> bool:
    """Return whether an open item waits for anything else than ``harmless_reason``."""
    query = (
        sa.select(JobFile.file_id)
        .join(File, File.id == JobFile.file_id)
        .where(
            JobFile.job_id == job_id,
            JobFile.outcome.is_(None),
            File.reason.is_distinct_from(harmless_reason),
        )
        .limit(1)
    )
    return session.execute(query).first() is not None


def follow(session: orm.Session, old_id: UUID, new_id: UUID) -> None:
    """Let the open items of a superseded row go on with the row that took its place."""
    session.execute(
        sa.update(JobFile)
        .where(JobFile.file_id == old_id, JobFile.outcome.is_(None))
        .values(file_id=new_id)
    )


def undecided(
    session: orm.Session, job_id: UUID, *, after: UUID | None, limit: int
) -> list[sa.Row[tuple[UUID, UUID, bytes]]]:
    """Return open items (file id, source id, path) in the order of their file ids."""
    query = (
        sa.select(File.id, File.source_id, File.path)
        .join(JobFile, JobFile.file_id == File.id)
        .where(JobFile.job_id == job_id, JobFile.outcome.is_(None))
        .order_by(File.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(File.id > after)
    return list(session.execute(query))


def counts(session: orm.Session, job_id: UUID) -> dict[str, int]:
    """Return how many items have which outcome; "open" counts the rest."""
    outcome = sa.func.coalesce(JobFile.outcome, "open")
    rows = session.execute(
        sa.select(outcome, sa.func.count()).where(JobFile.job_id == job_id).group_by(outcome)
    )
    return {name: count for name, count in rows}  # noqa: C416  rows are tuples to SQLAlchemy
