"""`photofactory forget`: a person lets go of photos whose originals are gone, on purpose."""

import argparse
import getpass
from collections.abc import Sequence

from sqlalchemy import orm

from dashboard import receipts, words
from librarian import forgetting, healing
from librarian.adoption import Adopter
from librarian.originals import Originals
from librarian.repository import originals as original_rows
from librarian.repository import reconciling
from librarian.repository.reconciling import Expected
from shared.database import Database
from shared.errors import UserError
from suite import access, asking, opened_originals, terminal

HELP = "let go of photos whose originals were deleted on purpose; copies and history stay"
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which photos, and whether to ask."""
    parser.add_argument(
        "photos",
        nargs="+",
        metavar="PHOTO",
        help="an asset id, a path, a name, or a folder below the originals: what is gone from it",
    )
    parser.add_argument("--yes", action="store_true", help="forget without asking")


def run(args: argparse.Namespace) -> int:
    """Show the photos and ask; 0 if none of them is missing any more."""
    with access.opened(args.data) as database:
        with database.read() as session:
            catalog_id = original_rows.library(session)
        with opened_originals.opened(database, catalog_id, is_for_writing=True) as adopter:
            named = [chosen(database, adopter.originals, photo) for photo in args.photos]
            lost = list(dict.fromkeys(each for some in named for each in some))
            has_copies = show(database, lost)
            answer = "y" if args.yes else asking.answer(question(len(lost), has_copies=has_copies))
            return settle(adopter, lost, answer)


def chosen(database: Database, originals: Originals, photo: str) -> list[Expected]:
    """Return the lost originals that a name means: one, or all that are gone from a folder.

    Raises UserError for what is there, was removed before, or is not known.
    """
    with database.read() as session:
        below = reconciling.below(session, originals.root_id, photo.rstrip("/"))
        asset_ids = [] if below else [receipts.find(session, photo, None)]
    if below:
        gone = [each for each in below if not originals.is_taken(each.relative_path)]
        if not gone:
            raise UserError(f"no original is gone from {photo}", "forget deletes nothing")
        return gone
    return [forgetting.wanted(database, originals, each) for each in asset_ids]


def show(database: Database, lost: Sequence[Expected]) -> bool:
    """Print what is known of the photos; whether a copy of any is there."""
    with database.read() as session:
        has_copies = [_show(session, each) for each in lost[:SHOWN]]
    if len(lost) > SHOWN:
        print(f"... and {len(lost) - SHOWN} more")
    return any(has_copies)


def _show(session: orm.Session, lost: Expected) -> bool:
    told = receipts.read(session, lost.asset_id)
    print(f"{terminal.plain(lost.relative_path)}  {lost.asset_id}")
    print(f"    {words.size(lost.size_bytes)}, taken {terminal.plain(words.taken(told))}")
    copies = reconciling.copies(session, lost)
    troubles = [healing.trouble_of(copy, lost) for copy in copies]
    for copy, trouble in zip(copies, troubles, strict=True):
        path = terminal.plain(f"{copy.root.path}/{copy.relative_path}")
        print(f"    copy on {copy.target}: {path} ({trouble or 'is there, and stays'})")
    if not copies:
        print("    there is no copy of it")
    return None in troubles


def question(count: int, *, has_copies: bool) -> str:
    """Return what to ask of so many photos."""
    what = "it" if count == 1 else f"these {count}"
    if has_copies:
        return f"let go of {what} (y), or restore from copies instead (r)? [y/r/N] "
    return f"let go of {what}? [y/N] "


def settle(adopter: Adopter, lost: Sequence[Expected], answer: str) -> int:
    """Forget the photos or bring them back; 0 if that was done with all."""
    database, originals = adopter.database, adopter.originals
    if answer == "y":
        for each in lost:
            forgetting.forget(database, originals, each, by(), adopter.clock.now())
        print(f"{len(lost)} forgotten; what arrives again is filed again")
        return 0
    if answer != "r":
        return 1
    restored = [
        healing.restore(database, originals, each, adopter.clock.now()) is not None for each in lost
    ]
    print(f"{sum(restored)} of {len(lost)} restored")
    return 0 if all(restored) else 1


def by() -> str:
    """Return who sits here, for the history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container
        return "somebody"
