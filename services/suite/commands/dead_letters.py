"""`photofactory dead-letters`: events that could not be read, kept until a person decides."""

import argparse
from uuid import UUID

from shared.clock import SystemClock
from shared.database import Database
from shared.errors import UserError
from shared.transport import dead_letters
from suite import access

HELP = "list undecodable events, replay or drop them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three actions."""
    parser.add_argument(
        "action",
        choices=("list", "replay", "drop"),
        help="replay: give it back to the one service that could not read it; drop: close it",
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="letters as listed")
    parser.add_argument("--all", action="store_true", help="every open letter")


def run(args: argparse.Namespace) -> int:
    """List, or act on what is named."""
    with access.opened(args.data) as database:
        if args.action == "list":
            return show(database)
        ids = every(database) if args.all else [parsed(each) for each in args.ids]
        if not ids and not args.all:
            raise UserError("no dead letter is named", "name ids as listed, or give --all")
        now = SystemClock().now()
        for letter_id in ids:
            with database.transaction() as session:
                if args.action == "drop":
                    dead_letters.drop(session, letter_id)
                    print(f"{letter_id} dropped")
                else:
                    print(f"{letter_id} {dead_letters.replay(session, letter_id, now=now)}")
    return 0


def show(database: Database) -> int:
    """Print the open letters; 1 when there are any."""
    with database.read() as session:
        letters = dead_letters.find(session)
        for letter in letters:
            when = f"{letter.created_at:%Y-%m-%d %H:%M:%S}"
            print(f"{letter.id}  {when}  {letter.service}  {letter.topic} at {letter.position}")
            print(f"    {letter.error}: {letter.detail} ({letter.attempts} attempts)")
    print(f"{len(letters)} open dead letters")
    return 1 if letters else 0


def every(database: Database) -> list[UUID]:
    """Return the ids of all open letters."""
    with database.read() as session:
        return [letter.id for letter in dead_letters.find(session, limit=1_000_000)]


def parsed(text: str) -> UUID:
    """Return an id; raises UserError for anything else."""
    try:
        return UUID(text)
    except ValueError as error:
        raise UserError(f"{text} is no id", "give ids as dead-letters list shows them") from error
