"""Asks a person, then for the job of a redate, a clock fix or an undo, and follows it."""

import argparse
import dataclasses
import json
import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from librarian.redating import brake, plan, survey
from librarian.redating.survey import Asked, Survey
from librarian.repository import redating as rows
from librarian.settings import BrakeSettings
from shared import jobs, models
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import DependencyError, UserError
from suite import asking, redate_text, terminal

POLL_S: Final = 0.3
LISTED: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what every command that changes dates takes."""
    parser.add_argument("--dry-run", action="store_true", help="only show what would change")
    parser.add_argument(
        "--move", action="store_true", help="files follow their dates into other folders"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask, for scripts")
    parser.add_argument(
        "--yes-really",
        type=int,
        metavar="NUMBER",
        help="how many photos get another date or folder, when that is a large share of all",
    )
    add_listing(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, every change")


def add_listing(parser: argparse.ArgumentParser) -> None:
    """Declare how much of a diff is shown."""
    parser.add_argument("--all", action="store_true", help="list every change, not the first only")


def show(found: Survey, *, is_all: bool) -> None:
    """Print the diff for a person."""
    console = terminal.console()
    for part in redate_text.render(found, is_all=is_all):
        console.print(part)


def is_confirmed(found: Survey, args: argparse.Namespace) -> bool:
    """Return whether a person wants this; many other dates have to be named by their number.

    Raises UserError where nobody can be asked, or the number is missing or another one.
    """
    if args.json and not (args.yes or args.yes_really):
        raise UserError(
            "with --json nobody is asked", "add --yes to change, --dry-run to look only"
        )
    redated = plan.weighty(found.changes)
    count = redated.total()
    if args.yes_really == count:
        return True
    too_much = brake.reasons(redated, found.known, BrakeSettings().thresholds)
    if not too_much:
        return bool(args.yes) or asking.agrees("change them? [y/N] ")
    reason = "; ".join(too_much.values())
    if args.yes or args.yes_really is not None:
        raise UserError(
            f"{reason}: that is unusually many", f"if you mean it, add --yes-really {count}"
        )
    return asking.agrees(f"{reason}. Type {count} to change them: ", str(count))


def follow(database: Database, job_id: UUID) -> dict[str, Any]:
    """Wait for the end of a job; return what it did, ready for JSON."""
    console = terminal.console(is_stderr=True)
    state, error = "pending", None
    with console.status(f"job {job_id}") as shown:
        while state not in jobs.ENDED and state != "paused":
            time.sleep(POLL_S)
            try:
                with database.read() as session:
                    job = session.get_one(models.Job, job_id)
                    counts = rows.counts(session, job_id)
            except DependencyError:
                continue
            state, error = job.state, job.error
            shown.update(f"job {job_id}: {counts.get('planned', 0)} left")
    with database.read() as session:
        remarks = rows.remarks(session, job_id, LISTED)
        counts = rows.counts(session, job_id)
    return {
        "job": str(job_id),
        "state": state,
        "error": error,
        "photos": counts,
        "remarks": [{"photo": name, "reason": why} for name, why in remarks],
    }


def tell(result: Mapping[str, Any]) -> int:
    """Print what a job did, or why it waits; return 0 if it did all of it."""
    if result["state"] == "paused":
        print(f"job {result['job']} waits: {result['error']}")
        print("    ./photofactory thaw shows its changes and asks")
        return 1
    listed = ", ".join(f"{count} {name}" for name, count in sorted(result["photos"].items()))
    print(f"{listed}; take it back with: photofactory redate --undo {result['job']}")
    for remark in result["remarks"]:
        print(f"  {remark['photo']}: {remark['reason']}")
    if result["state"] != "completed":
        print(f"job {result['job']} {result['state']}: {result['error'] or ''}")
    return code_of(result)


def code_of(result: Mapping[str, Any]) -> int:
    """Return the exit code of a job's result."""
    is_done = result["state"] == "completed" and not result["photos"].get("skipped")
    return 0 if is_done else 1


def change(database: Database, asked: Asked, found: Survey, args: argparse.Namespace) -> int:
    """Show the diff, ask, change, follow; 0 when all is as wanted. JSON is one document."""
    is_over = args.dry_run or not found.changes
    if not args.json:
        show(found, is_all=args.all)
    elif is_over:
        print(json.dumps(redate_text.as_json(found), indent=2, ensure_ascii=False))
    if is_over:
        return 0
    if not is_confirmed(found, args):
        print("nothing was changed")
        return 1
    accepted = dataclasses.replace(asked, accepted=plan.weighty(found.changes).total())
    survey.request(database, accepted, found, SystemClock().now())
    result = follow(database, asked.job_id)
    if not args.json:
        return tell(result)
    told = redate_text.as_json(found) | {"result": result}
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return code_of(result)
