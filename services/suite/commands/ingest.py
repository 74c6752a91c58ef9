"""`photofactory ingest`: take files or folders in, through the same path as an inbox, as a job."""

import argparse
import os
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from shared import jobs, models
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import UserError
from suite import access, console, ingest_progress
from suite.data_folder import DataFolder

HELP = "file photos from any file or folder; they stay there unless --move is given"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files or folders")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--copy", dest="mode", action="store_const", const="copy", help="leave the files (default)"
    )
    mode.add_argument(
        "--move",
        dest="mode",
        action="store_const",
        const="move",
        help="remove each file once its original is safely recorded",
    )
    parser.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="show progress and end with the balance (default); --no-wait returns at once",
    )
    parser.set_defaults(mode="copy")


def run(args: argparse.Namespace) -> int:
    """Request the job; with --wait return 0 when every file found its place, 1 otherwise."""
    folder = DataFolder(args.data)
    params = {"paths": [quoted(path, folder) for path in args.paths], "mode": args.mode}
    with access.of_running_suite(args.data) as database:
        now = SystemClock().now()
        job_id = database.run(lambda session: jobs.request(session, "ingest", params, now=now))
        if not args.wait:
            print(f"job {job_id}")
            return 0
        if reason := frozen(database):
            console.say(f"note: the files wait, for filing is frozen: {reason}")
        return ingest_progress.follow(database, job_id)


def frozen(database: Database) -> str | None:
    """Return why nothing can be filed now, and what ends that; None = it can."""
    with database.read() as session:
        reason: str | None = session.scalar(sa.select(models.Ledger.frozen_reason))
        if reason:
            return reason
        root = sa.select(models.Root).where(
            models.Root.kind == "originals", models.Root.state == "frozen"
        )
        found = session.scalars(root.limit(1)).first()
    return f"{found.state_reason}; ./photofactory thaw shows it and asks" if found else None


def quoted(path: str, folder: DataFolder) -> str:
    """Return an absolute path percent-encoded, so that bytes that are no text survive JSON.

    Raises UserError for what is not there, cannot be read, or belongs to the factory itself.
    """
    absolute = Path(path).expanduser().absolute()
    if not os.path.lexists(absolute):
        raise UserError(f"{path} is not there", "name a file or a folder")
    if not os.access(absolute, os.R_OK):
        raise UserError(f"{path} cannot be read", "give this user the right to read it")
    real = absolute.resolve()
    if not real.is_dir() and not real.is_file():
        raise UserError(f"{path} is neither a file nor a folder", "name a file or a folder")
    for own in own_folders(folder):
        if real == own or own in real.parents or real in own.parents:
            raise UserError(
                f"{path} cannot be taken in: {own} belongs to the factory",
                "name a folder that neither holds it nor lies in it",
            )
    return urllib.parse.quote_from_bytes(os.fsencode(real))


def own_folders(folder: DataFolder) -> Sequence[Path]:
    """Return the folders that hold what is filed already."""
    return [each.resolve() for each in (folder.originals, folder.derivatives, folder.backup)]
