"""`photofactory reconcile`: disk and ledger compared, differences named, safe ones repaired."""

import argparse
import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from uuid import UUID

import sqlalchemy as sa

from librarian import high_water
from librarian.adoption import Adopter
from librarian.originals import Originals
from librarian.reader import FUNCTION, Reader
from librarian.reconcile import Difference, Reconciler
from librarian.repairing import Repairer
from librarian.repository import originals as original_rows
from shared import models
from shared.children import children
from shared.clock import SystemClock
from shared.database import Database
from shared.ownership import Owner
from suite import access, adopting, asking, household_record
from thumbnailer import lost

HELP = "compare the originals on disk with the ledger; --repair what is safe to repair"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how deep it looks and what it may change."""
    parser.add_argument(
        "--repair",
        action="store_true",
        help="finish interrupted filings, delete leftover temporary files, take unknown originals "
        "into the ledger, follow moved ones, write missing record lines, let stages with wrong "
        "flags run again; no original is ever changed or deleted",
    )
    parser.add_argument(
        "--deep", action="store_true", help="read and hash every original instead of its size"
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
        with database.read() as session:
            catalogs = session.scalars(
                sa.select(models.Catalog.id).where(models.Catalog.root_id.is_not(None))
            ).all()
        left = 0
        for catalog_id in catalogs:
            left += _reconcile(database, catalog_id, args)
        left += _reconcile_renditions(database, args)
    if not args.json:
        print(f"{left} differences left" if left else "disk and ledger agree")
    return 1 if left else 0


def _reconcile(database: Database, catalog_id: UUID, args: argparse.Namespace) -> int:
    """How many differences of one catalog are left."""
    with ExitStack() as stack:
        owner = stack.enter_context(Owner(database))
        with database.read() as session:
            known = original_rows.root_of(session, catalog_id, is_for_repair=True)
        originals = Originals(stack.enter_context(known.open(is_for_writing=args.repair)), owner.id)
        pool = children.Children(FUNCTION, processes=1)
        stack.callback(pool.close)
        shown: Counter[str] = Counter()
        reconciler = Reconciler(database, originals, is_deep=args.deep)
        differences = _shown(reconciler.differences(), shown, as_json=args.json)
        if not args.repair:
            return sum(1 for _ in differences)
        adopter = Adopter(database, originals, Reader(pool), SystemClock(), owner.id, catalog_id)
        repaired = Repairer(adopter).repair(differences)
        high_water.accept(database, originals.folder)
        for kind, count in sorted(repaired.items()):
            print(f"repaired: {count} x {kind}", file=sys.stderr)
        return (shown - repaired).total()


def _reconcile_renditions(database: Database, args: argparse.Namespace) -> int:
    """How many photos are left whose renditions are gone from the disk."""
    found = list(lost.find(database))
    gone = (Difference("preview is missing", "", asset_id=asset_id) for asset_id in found)
    count = sum(1 for _ in _shown(gone, Counter(), as_json=args.json))
    if not args.repair or not found:
        return count
    repaired = lost.make_again(database, found, SystemClock().now())
    print(f"repaired: {repaired} x preview is missing (made again by the suite)", file=sys.stderr)
    return count - repaired


def _adopt(database: Database, path: str, *, is_sure: bool) -> int:
    comparison = adopting.compare(database, path)
    print(adopting.describe(comparison))
    if not is_sure and not asking.agrees("    is this the folder? [y/N] "):
        return 1
    adopting.adopt(database, comparison)
    household_record.write(database)
    print("    adopted")
    return 0


def _shown(
    differences: Iterable[Difference], shown: Counter[str], *, as_json: bool
) -> Iterator[Difference]:
    """The differences, each printed and counted as it passes."""
    for each in differences:
        shown[each.kind] += 1
        if as_json:
            print(json.dumps(dataclasses.asdict(each), default=str, ensure_ascii=False))
        else:
            what = each.path or f"asset {each.asset_id}"
            print(f"{each.kind}: {what}" + (f" ({each.detail})" if each.detail else ""))
        yield each
