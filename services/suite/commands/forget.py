"""`photofactory forget`: a person lets go of photos whose originals are gone, on purpose."""

import argparse
import getpass

from dashboard import receipts, words
from librarian import forgetting, healing
from librarian.adoption import Adopter
from librarian.repository import originals as original_rows
from librarian.repository import reconciling
from librarian.repository.reconciling import Copy, Expected
from shared.database import Database
from suite import access, asking, opened_originals, terminal

HELP = "let go of photos whose originals were deleted on purpose; copies and history stay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which photos, and whether to ask."""
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="an asset id, a path, or a name")
    parser.add_argument("--yes", action="store_true", help="forget without asking")


def run(args: argparse.Namespace) -> int:
    """Show each photo and ask; 0 if none of them is missing any more."""
    with access.opened(args.data) as database:
        with database.read() as session:
            asset_ids = [receipts.find(session, photo, None) for photo in args.photos]
            catalog_id = original_rows.library(session)
        with opened_originals.opened(database, catalog_id, is_for_writing=True) as adopter:
            lost = [forgetting.wanted(database, adopter.originals, each) for each in asset_ids]
            settled = sum(_settle(adopter, each, is_sure=args.yes) for each in lost)
    return 0 if settled == len(lost) else 1


def _settle(adopter: Adopter, lost: Expected, *, is_sure: bool) -> bool:
    """Show one photo, ask, and forget it or bring it back; False if neither was done."""
    database, originals, now = adopter.database, adopter.originals, adopter.clock.now()
    copies = show(database, lost)
    answer = "y" if is_sure else asking.answer(QUESTIONS[bool(copies)])
    if answer == "r" and copies:
        restored = healing.restore(database, originals, lost, now)
        print(f"    restored from {restored[0]}" if restored else "    no copy has its content")
        return restored is not None
    if answer != "y":
        return False
    forgetting.forget(database, originals, lost, by(), now)
    print("    forgotten; it is filed again if it arrives again")
    return True


QUESTIONS = {
    False: "    let go of it? [y/N] ",
    True: "    let go of it (y), or restore it from a copy (r)? [y/r/N] ",
}


def show(database: Database, lost: Expected) -> list[Copy]:
    """Print what is known of a photo; the copies that are there."""
    with database.read() as session:
        told = receipts.read(session, lost.asset_id)
        copies = reconciling.copies(session, lost)
    print(f"{terminal.plain(lost.relative_path)}  {lost.asset_id}")
    print(f"    {words.size(lost.size_bytes)}, taken {terminal.plain(words.taken(told))}")
    there: list[Copy] = []
    for copy in copies:
        trouble = healing.trouble_of(copy, lost)
        there += [] if trouble else [copy]
        path = terminal.plain(f"{copy.root.path}/{copy.relative_path}")
        print(f"    copy on {copy.target}: {path} ({trouble or 'is there, and stays'})")
    if not copies:
        print("    there is no copy of it")
    return there


def by() -> str:
    """Return who sits here, for the history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container
        return "somebody"
