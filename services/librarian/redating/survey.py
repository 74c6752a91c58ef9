"""Looks through the library for what a redate would change, and asks for the job that does it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from librarian.redating import plan
from librarian.redating.criteria import Criteria
from librarian.redating.decisions import Stored
from librarian.redating.plan import Change, How
from librarian.repository import redating as rows
from shared import jobs, models
from shared.database import Database
from shared.errors import UserError

PAGE: Final = 1_000
CHUNK: Final = 2_000


@dataclasses.dataclass(slots=True)
class Survey:
    """What was found: of `known` photos `seen` were looked at.

    `kept` have a date that a person set, `other_clock` are not dated by a camera's clock (clock
    fix), `misplaced` lie in another folder than that of their date and stay there.
    """

    known: int
    seen: int = 0
    kept: int = 0
    other_clock: int = 0
    misplaced: int = 0
    changes: list[Change] = dataclasses.field(default_factory=list)

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
    return found


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


def request(database: Database, job_type: str, job_id: UUID, found: Survey, now: datetime) -> None:
    """Ask for the job that makes exactly these changes."""
    _ask(database, _Asked(job_id, job_type), [_item(change) for change in found.changes], now)


def request_undo(database: Database, undoes: UUID, job_id: UUID, now: datetime) -> int:
    """Ask for the job that takes back what another one did; how many photos that are.

    Raises UserError for a job that is not known, not over, or has nothing to take back.
    """
    with database.read() as session:
        job = session.get(models.Job, undoes)
        if job is None or job.type not in {"redate", "clock_fix", "undo"}:
            raise UserError(f"no job {undoes} has changed dates", "redate prints the id of its job")
        if job.state not in jobs.ENDED:
            raise UserError(f"job {undoes} is {job.state}", "wait until it is over")
        items = [_reverse(item, path) for item, path in rows.applied(session, undoes)]
    if not items:
        raise UserError(f"job {undoes} has nothing (any more) to take back")
    _ask(database, _Asked(job_id, "undo", undoes), items, now)
    return len(items)


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    job_id: UUID
    job_type: str
    undoes: UUID | None = None


def _ask(
    database: Database, asked: _Asked, items: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Plan in short transactions; only the last one wakes the owner."""
    database.run(
        lambda session: jobs.draft(
            session, asked.job_id, asked.job_type, now=now, undoes=asked.undoes
        )
    )
    for start in range(0, len(items), CHUNK):
        chunk = items[start : start + CHUNK]
        with database.transaction() as session:
            rows.add(session, asked.job_id, chunk)
    database.run(lambda session: jobs.submit(session, asked.job_id, now=now))


def _item(change: Change) -> Mapping[str, Any]:
    return {
        "asset_id": change.asset_id,
        "before": {
            "decision": change.before.to_json(),
            "override": change.override_before,
            "relative_path": change.relative_path,
        },
        "after": {
            "decision": change.after.to_json(),
            "override": change.override_after,
            "folder": change.folder,
        },
    }


def _reverse(item: models.JobAsset, present_path: str | None) -> Mapping[str, Any]:
    """The item that takes another one back; a file that went elsewhere since then stays there."""
    moves = item.after.get("moves") or []
    is_where_left = bool(moves) and moves[0][1] == present_path
    return {
        "asset_id": item.asset_id,
        "before": {
            "decision": item.after["decision"],
            "override": item.after["override"],
            "relative_path": present_path,
        },
        "after": {
            "decision": item.before["decision"],
            "override": item.before["override"],
            "dates": item.before.get("dates"),
            "path": moves[0][0] if is_where_left else None,
        },
    }
