"""`photofactory reconcile`: disk and ledger compared, differences named, safe ones repaired."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator
from uuid import UUID

from backup import repository as backup_rows
from backup import verification
from librarian import repairing, survey
from librarian.reconcile import Difference, Reconciler
from librarian.repairing import Attempt
from librarian.settings import BrakeSettings
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import DependencyError
from suite import access, adopting, asking, household_record, opened_originals, terminal
from thumbnailer import lost

HELP = "compare originals and copies on disk with the ledger; --repair what is safe to repair"

AGAIN = "the suite makes it again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how deep it looks and what it may change."""
    parser.add_argument(
        "--repair",
        action="store_true",
        help="finish interrupted filings, delete leftover temporary files, take unknown originals "
        "into the ledger, follow moved ones, bring missing and changed ones back from a backup "
        "copy, note which are still missing, write missing record lines, let stages run again "
        "whose flag, preview or copy is gone; nothing is ever deleted, what stood in an original's "
        "place is kept aside",
    )
    parser.add_argument(
        "--deep",
        action="store_true",
        help="read and hash every original and every copy; else sizes have to do",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per difference")
    parser.add_argument(
        "--adopt",
        metavar="DIR",
        help="accept the folder that is now at this path as the one the ledger knows there: its "
        "marker was lost, or an inbox was made anew. Shows the difference and asks",
    )
    parser.add_argument("--yes", action="store_true", help="adopt without asking")


def run(args: argparse.Namespace) -> int:
    """Print every difference; 1 if any is left."""
    with access.opened(args.data) as database:
        if args.adopt:
            return _adopt(database, args.adopt, is_sure=args.yes)
        shown = Shown(as_json=args.json)
        left = 0
        for catalog_id in opened_originals.catalogs(database):
            left += _originals(database, catalog_id, args, shown)
        left += _renditions(database, args, shown)
        left += _copies(database, args, shown)
    if not args.json:
        print(summary(left))
    return 1 if left else 0


def summary(left: int) -> str:
    """Return the last line."""
    if not left:
        return "disk and ledger agree"
    return "1 difference left" if left == 1 else f"{left} differences left"


def _originals(
    database: Database, catalog_id: UUID, args: argparse.Namespace, shown: "Shown"
) -> int:
    """How many differences of one catalog are left."""
    with opened_originals.opened(database, catalog_id, is_for_writing=args.repair) as adopter:
        reconciler = Reconciler(database, adopter.originals, is_deep=args.deep)
        if not args.repair:
            return sum(shown.show(each) for each in reconciler.differences())
        left = len(repairing.repair(reconciler, adopter, shown.tell).left)
    survey.Survey(database, adopter.originals.folder.known, SystemClock()).run(
        BrakeSettings().thresholds
    )
    return left


def _renditions(database: Database, args: argparse.Namespace, shown: "Shown") -> int:
    """How many photos are left whose renditions are gone from the disk."""
    found = list(lost.find(database))
    is_repaired = bool(found) and args.repair
    if is_repaired:
        lost.make_again(database, found, SystemClock().now())
    for asset_id in found:
        difference = Difference("preview is missing", "", asset_id=asset_id)
        shown.tell(Attempt(difference, is_repaired, AGAIN if is_repaired else ""))
    return 0 if is_repaired else len(found)


def _copies(database: Database, args: argparse.Namespace, shown: "Shown") -> int:
    """How many copies are left that are not what the ledger says."""
    found = list(_wrong_copies(database, is_deep=args.deep))
    is_repaired = bool(found) and args.repair
    if is_repaired:
        verification.make_again(database, [wrong for wrong, _ in found], SystemClock().now())
    for wrong, path in found:
        difference = Difference(f"copy is {wrong.state}", path, wrong.detail, wrong.asset_id)
        shown.tell(Attempt(difference, is_repaired, AGAIN if is_repaired else ""))
    return 0 if is_repaired else len(found)


def _wrong_copies(database: Database, *, is_deep: bool) -> Iterator[tuple[verification.Wrong, str]]:
    """Every wrong copy with its whole path; a target that is away is said and passed over."""
    with database.read() as session:
        targets = backup_rows.active_targets(session)
    for target in targets:
        try:
            for wrong in verification.find(database, target, is_deep=is_deep):
                yield wrong, f"{target.root.path}/{wrong.path}"
        except DependencyError as error:
            print(f"copies on {target.name} were not looked at: {error}", file=sys.stderr)


def _adopt(database: Database, path: str, *, is_sure: bool) -> int:
    comparison = adopting.compare(database, path)
    print(adopting.describe(comparison))
    if not is_sure and not asking.agrees("    is this the folder? [y/N] "):
        return 1
    adopting.adopt(database, comparison)
    household_record.write(database)
    print("    adopted")
    return 0


class Shown:
    """Prints differences, each once, and what became of it."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._left: set[Difference] = set()

    def tell(self, attempt: Attempt) -> None:
        """Print an attempt; one that failed before, and fails again, is printed already."""
        if not attempt.is_repaired and attempt.difference in self._left:
            return
        if not attempt.is_repaired:
            self._left.add(attempt.difference)
        self.show(attempt.difference, attempt)

    def show(self, difference: Difference, attempt: Attempt | None = None) -> int:
        """Print a difference; 1, for it is one."""
        if self._as_json:
            told = dataclasses.asdict(difference)
            if attempt is not None:
                told |= {"is_repaired": attempt.is_repaired, "why": attempt.why}
            print(json.dumps(told, default=str, ensure_ascii=False))
            return 1
        what = terminal.plain(difference.path) or f"asset {difference.asset_id}"
        line = f"{difference.kind}: {what}"
        if difference.detail:
            line += f" ({terminal.plain(difference.detail)})"
        if attempt is not None and (attempt.is_repaired or attempt.why):
            done = "repaired" if attempt.is_repaired else "left"
            line += f" - {done}" + (f": {terminal.plain(attempt.why)}" if attempt.why else "")
        print(line)
        return 1
