"""Every file met at a path of a source: what is known of it, and whose turn it is.

A live row (``superseded_at`` null) says what became of the file that is there now. A file with
another size or mtime at the same path is another occurrence: the old row stays as history.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

from librarian.arrivals import KEPT, Claimed, Found, Mode, Outcome, Source
from librarian.domain import naming
from librarian.repository import job_items
from shared import models, ownership

File = models.File
Row = sa.Row[*tuple[Any, ...]]

TAKE: Final = sa.text("""
    update files f set outcome = null, owner = :owner, job_id = i.job_id, next_attempt_at = null,
      size_bytes = i.size_bytes, mtime_ns = i.mtime_ns
    from unnest(cast(:ids as uuid[]), cast(:jobs as uuid[]), cast(:sizes as bigint[]),
      cast(:mtimes as bigint[])) as i(id, job_id, size_bytes, mtime_ns)
    where f.id = i.id""")

IN_LIBRARY: Final = frozenset(("filed", "duplicate", "companion"))

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Asking:
    """Who asks about files of which source: this process (owner id), perhaps for a job."""

    source: Source
    mode: Mode
    owner: int
    now: datetime
    job_id: UUID | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """A file whose fate is settled for now: nothing of it is read again."""

    path: bytes
    file_id: UUID
    outcome: str | None
    asset_id: UUID | None


def known(session: orm.Session, asking: Asking, files: Sequence[Found]) -> dict[bytes, Known]:
    """Return those of ``files`` that need nothing now, by path.

    Settled = same size and mtime with a decision (in move mode only one that leaves the file in
    place), or a failure or a wait whose next attempt is not due. A photo that was removed from the
    library is asked for again by the job that names it, never by an inbox where it still lies.
    """
    query = sa.select(
        File.path,
        File.id,
        File.size_bytes,
        File.mtime_ns,
        File.outcome,
        File.reason,
        File.asset_id,
        File.next_attempt_at,
    ).where(*is_live_at(asking.source), File.source_removed_at.is_(None))
    if asking.job_id is not None:
        removed = models.MediaAsset.removed_at.is_not(None)
        query = query.where(~sa.exists().where(models.MediaAsset.id == File.asset_id, removed))
    rows = session.execute(query, {"paths": [file.path for file in files]})
    signatures = {file.path: (file.size, file.mtime_ns) for file in files}
    return {
        row.path: Known(row.path, row.id, row.outcome, row.asset_id)
        for row in rows
        if signatures[row.path] == signature(row)
        and is_settled(asking, row.outcome, row.reason, row.next_attempt_at)
    }


def is_live_at(source: Source) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the condition "the live row of one of the paths bound as ``paths``"."""
    paths = sa.bindparam("paths", type_=pg.ARRAY(sa.LargeBinary))
    return File.source_id == source.id, File.superseded_at.is_(None), File.path == sa.any_(paths)


def is_settled(
    asking: Asking, outcome: str | None, reason: str | None, due: datetime | None
) -> bool:
    """Return whether an unchanged file with this decision is left alone."""
    if outcome in {None, "failed", "vanished"}:
        return due is not None and due > asking.now
    if outcome in {"quarantined", "ignored"}:
        return True
    return asking.mode == "copy" or reason == KEPT


def claim(
    session: orm.Session,
    asking: Asking,
    files: Iterable[Found],
    is_still_there: Callable[[Found], bool],
) -> list[Claimed]:
    """Return the files that are ours alone now, each with its row.

    Left out are files that another living librarian is at, or was at since we looked: what is
    decided by now, and what is gone.
    """
    by_path = {file.path: file for file in files}
    live = live_rows(session, asking.source, list(by_path))
    same: list[tuple[Row, Found]] = []
    fresh: list[Found] = []
    replaced: dict[bytes, UUID] = {}
    for path, file in by_path.items():
        row = live.get(path)
        if row is None:
            fresh.append(file)
        elif is_at_it(row, asking) or is_decided_since(row, asking, file):
            continue
        elif is_same_try(row, file):
            same.append((row, file))
        elif is_still_there(file):
            supersede(session, row.id, asking.now)
            replaced[path] = row.id
            fresh.append(file)
    taken = take(session, asking, same)
    made = insert(session, asking, fresh)
    for each in made:
        if old_id := replaced.get(each.found.path):
            job_items.follow(session, old_id, each.file_id)
    return taken + made


def live_rows(session: orm.Session, source: Source, paths: list[bytes]) -> dict[bytes, Row]:
    """Return the live rows of these paths, locked."""
    query = (
        sa.select(
            File.id,
            File.path,
            File.size_bytes,
            File.mtime_ns,
            File.outcome,
            File.reason,
            File.next_attempt_at,
            File.owner,
            File.attempts,
            File.job_id,
            File.source_removed_at,
            sa.literal_column(ownership.is_live("files.owner"), sa.Boolean).label("is_live"),
        )
        .where(*is_live_at(source))
        .order_by(File.id)
        .with_for_update()
    )
    return {row.path: row for row in session.execute(query, {"paths": paths})}


def is_at_it(row: Row, asking: Asking) -> bool:
    """Return whether another living librarian has claimed this file and is not done with it."""
    return bool(row.is_live) and row.owner != asking.owner


def is_decided_since(row: Row, asking: Asking, file: Found) -> bool:
    """Return whether this very file is settled by now; of what a job names it knows better."""
    if asking.job_id is not None or row.source_removed_at is not None:
        return False
    return signature(row) == (file.size, file.mtime_ns) and is_settled(
        asking, row.outcome, row.reason, row.next_attempt_at
    )


def signature(row: Row) -> tuple[int, int]:
    """Return the size and mtime of the file that a row is about."""
    return row.size_bytes, row.mtime_ns


def is_same_try(row: Row, file: Found) -> bool:
    """Return whether ``row`` is about this very file and not yet decided for good."""
    if row.source_removed_at is not None or row.outcome not in {None, "failed", "vanished"}:
        return False
    return row.outcome is None or signature(row) == (file.size, file.mtime_ns)


def take(session: orm.Session, asking: Asking, same: Sequence[tuple[Row, Found]]) -> list[Claimed]:
    """Make undecided rows ours; their size and mtime are those of now."""
    taken = [
        Claimed(row.id, asking.source, file, asking.job_id or row.job_id, row.attempts, asking.mode)
        for row, file in same
    ]
    session.execute(
        TAKE,
        {
            "owner": asking.owner,
            "ids": [each.file_id for each in taken],
            "jobs": [each.job_id for each in taken],
            "sizes": [each.found.size for each in taken],
            "mtimes": [each.found.mtime_ns for each in taken],
        },
    )
    return taken


def supersede(session: orm.Session, file_id: UUID, now: datetime) -> None:
    """Make a row history: another file is at its path now."""
    session.execute(sa.update(File).where(File.id == file_id).values(superseded_at=now, owner=None))


def insert(session: orm.Session, asking: Asking, files: Sequence[Found]) -> list[Claimed]:
    """Return new rows for files met for the first time; a path taken meanwhile is left out."""
    if not files:
        return []
    rows = session.execute(
        pg.insert(File).on_conflict_do_nothing().returning(File.id, File.path),
        [
            {
                "source_id": asking.source.id,
                "path": file.path,
                "display_path": naming.display(file.path),
                "original_name": naming.display(file.path.rpartition(b"/")[2]),
                "size_bytes": file.size,
                "mtime_ns": file.mtime_ns,
                "owner": asking.owner,
                "job_id": asking.job_id,
            }
            for file in files
        ],
    )
    by_path = {file.path: file for file in files}
    return [
        Claimed(row.id, asking.source, by_path[row.path], asking.job_id, 0, asking.mode)
        for row in rows
    ]


def release(session: orm.Session, file_ids: Sequence[UUID], owner: int) -> None:
    """Give up our claims of files."""
    session.execute(
        sa.update(File).where(File.id.in_(file_ids), File.owner == owner).values(owner=None)
    )


def postpone(session: orm.Session, outcome: Outcome, now: datetime) -> None:
    """Store why a file has to wait and when it is tried again; pauses double up to an hour."""
    tries = session.scalar(
        sa.update(File)
        .where(File.id == outcome.file_id, File.superseded_at.is_(None))
        .values(attempts=File.attempts + 1)
        .returning(File.attempts)
    )
    if tries is not None:
        session.execute(
            sa.update(File)
            .where(File.id == outcome.file_id)
            .values(
                reason=outcome.reason,
                detail=outcome.detail,
                next_attempt_at=now + pause(tries),
            )
        )


def held(session: orm.Session, source: Source) -> list[tuple[UUID, bytes]]:
    """Return what a source's files are that wait or are kept out, in the order of their paths."""
    # First by the index of outcomes: nearly all files of a source are settled.
    unsettled = (
        sa.select(File.id, File.path, File.source_id, File.owner)
        .where(File.superseded_at.is_(None), is_held())
        .cte("unsettled")
        .prefix_with("materialized")
    )
    rows = session.execute(
        sa.select(unsettled.c.id, unsettled.c.path)
        .where(unsettled.c.source_id == source.id, sa.text(ownership.is_free("unsettled.owner")))
        .order_by(unsettled.c.path)
    )
    return [(row.id, row.path) for row in rows]


def is_held() -> sa.ColumnElement[bool]:
    """Return the condition on files that were met and are neither in the library nor let go."""
    return File.outcome.is_(None) | File.outcome.in_(("quarantined", "failed"))


def vanished(session: orm.Session, file_ids: Sequence[UUID], now: datetime) -> None:
    """Store that files went away before they were filed."""
    if file_ids:
        session.execute(
            sa.update(File)
            .where(File.id.in_(file_ids), is_held())
            .values(outcome="vanished", reason=None, detail=None, owner=None, decided_at=now)
        )


def in_library(session: orm.Session, file_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of the files whose content is in the library."""
    query = sa.select(File.id).where(File.id.in_(file_ids), File.outcome.in_(IN_LIBRARY))
    return list(session.scalars(query))


def pause(tries: int) -> timedelta:
    """Return how long to wait after the nth try."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(1 << min(tries - 1, 12)))
