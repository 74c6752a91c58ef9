"""A redate's diff and result as a person reads them, and as JSON."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from rich.console import RenderableType

from dashboard import words
from librarian.redating import plan
from librarian.redating.decisions import Decision
from librarian.redating.plan import Change
from librarian.redating.survey import Survey
from librarian.repository.pairs import Follower
from suite import status_text
from suite.terminal import escape

LISTED: Final = 30


def as_json(found: Survey) -> dict[str, Any]:
    """Everything that would change."""
    return {
        "format": 1,
        "library": sum(found.known.values()),
        "looked_at": found.seen,
        "changes": len(found.changes),
        "by_kind": plan.counts(found.changes),
        "set_by_a_person": found.kept,
        "of_another_clock": found.other_clock,
        "folder_differs_from_date": found.misplaced,
        "photos": [change.to_json() for change in found.changes],
        "followers": [_follower(each) for each in found.followers],
    }


def _follower(follower: Follower) -> dict[str, str]:
    return {name: str(value) for name, value in dataclasses.asdict(follower).items()}


def render(found: Survey, *, is_all: bool = False) -> Iterator[RenderableType]:
    """Yield the diff: how many change how, the first (or all) of them, what is left alone."""
    listed = len(found.changes) if is_all else LISTED
    if found.changes:
        yield changes(found, listed)
    if len(found.changes) > listed:
        yield f"... and {len(found.changes) - listed} more (--all shows them)"
    yield f"[bold]{len(found.changes)}[/] of {found.seen} photos looked at would change"
    for kind, count in plan.counts(found.changes).items():
        yield f"  {count:>6}  {plan.KINDS[kind]}"
    if found.followers:
        yield f"  {len(found.followers):>6}  videos and RAW files follow their pictures"
    if found.kept:
        yield f"  {found.kept:>6}  keep the date that a person set"
    if found.other_clock:
        yield f"  {found.other_clock:>6}  are not dated by a camera's clock and stay as they are"
    if found.misplaced:
        yield f"  {found.misplaced:>6}  lie in another folder than their date (--move refiles them)"


def changes(found: Survey, listed: int) -> RenderableType:
    """Return the first changes, by their date as it is now, as a table."""
    made = status_text.table("Changes", "photo", "date", "by (confidence)")
    partners: defaultdict[UUID, str] = defaultdict(str)
    for follower in found.followers:
        partners[follower.picture_id] += f"\n   with {escape(follower.relative_path)}"
    for change in sorted(found.changes, key=by_date)[:listed]:
        old, new = change.before, change.after
        moved = f"\n-> [bold]{change.folder}/[/]" if change.folder else ""
        made.add_row(
            escape(change.relative_path or change.name) + moved + partners[change.asset_id],
            arrow(moment(old), moment(new)),
            arrow(f"{old.source} ({doubts(old)})", f"{new.source} ({doubts(new)})"),
        )
    return made


def by_date(change: Change) -> tuple[datetime, str]:
    """Return what sorts changes: undated photos first."""
    return change.before.captured_local or datetime.min, change.name  # noqa: DTZ901  no zone


def moment(decision: Decision) -> str:
    """Return wall clock, offset and where the offset comes from."""
    if decision.captured_local is None:
        return "unknown"
    wall = clock(decision.captured_local) if decision.time_known else day(decision.captured_local)
    return f"{wall}{words.offset(decision.utc_offset_minutes)} ({decision.offset_source})"


def clock(wall: datetime) -> str:
    """Return a wall clock to the second."""
    return f"{wall:%Y-%m-%d %H:%M:%S}"


def day(wall: datetime) -> str:
    """Return the day of a date without a time."""
    return f"{wall:%Y-%m-%d}"


def doubts(decision: Decision) -> str:
    """Return the confidence with what speaks against it."""
    found = [name for name in ("conflict", "suspicious") if getattr(decision, name)]
    return ", ".join([decision.confidence, *found])


def arrow(old: str, new: str) -> str:
    """Return what is before and after, once if they are alike."""
    return escape(old) if old == new else f"{escape(old)}\n-> [bold]{escape(new)}[/]"
