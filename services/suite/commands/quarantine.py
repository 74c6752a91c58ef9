"""`photofactory quarantine`: what is kept out, why, and what a person decides about it."""

import argparse
import os
import urllib.parse
from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import orm

from shared import jobs, ledger
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import UserError
from suite import access, repository, status_text, terminal
from suite.repository import DamagedOriginal, HeldFile, HeldStage

HELP = "list what is kept out of the library or of a stage; try it again, or let it go"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three actions."""
    parser.add_argument(
        "action",
        choices=("list", "retry", "release"),
        help="list; retry: look at it again; release: files stay where they are, off this list",
    )
    parser.add_argument(
        "names", nargs="*", metavar="FILE|ASSET", help="a path as listed, or the id of a photo"
    )
    parser.add_argument("--all", action="store_true", help="everything that is listed")


def run(args: argparse.Namespace) -> int:
    """List, or act on what is named."""
    with access.opened(args.data) as database:
        with database.read() as session:
            files = repository.held_files(session, ("quarantined",))
            stages = repository.held_stages(session, states=("quarantined",))
            damaged = repository.damaged_originals(session)
        if args.action == "list":
            show_damaged(damaged)
            return show(files, stages)
        if not args.all:
            files, stages = chosen(args.names, files, stages)
        if args.action == "release":
            return release(database, files)
        return retry(database, files, stages)


def show_damaged(damaged: Sequence[DamagedOriginal]) -> None:
    """Print the photos that are in the library and not whole; they may be the only copy."""
    for each in damaged:
        print(f"{each.asset_id}  {terminal.plain(each.final_path)}")
        print(f"    in the library, not whole: {terminal.plain(each.damage)}")
    if damaged:
        print(
            f"{len(damaged)} originals are not whole; a whole one that arrives is linked or heals\n"
        )


def show(files: Sequence[HeldFile], stages: Sequence[HeldStage]) -> int:
    """Print both lists; 1 when anything is in them."""
    for file in files:
        detail = f" ({file.detail})" if file.detail else ""
        print(terminal.plain(file.full_path))
        print(f"    {status_text.size(file.size_bytes)}: {file.reason}{detail}")
    for stage in stages:
        print(f"{stage.asset_id}  {terminal.plain(stage.name)}")
        print(f"    {stage.stage}: {terminal.plain(stage.error or '')}")
    print(f"{len(files)} files and {len(stages)} stages of photos in quarantine")
    return 1 if files or stages else 0


def chosen(
    names: Sequence[str], files: Sequence[HeldFile], stages: Sequence[HeldStage]
) -> tuple[list[HeldFile], list[HeldStage]]:
    """Return what ``names`` mean; raises UserError for a name that is not listed."""
    if not names:
        raise UserError("nothing is named", "name files or photos as listed, or give --all")
    wanted = {*names, *(os.path.abspath(name) for name in names)}
    found_files = [each for each in files if each.full_path in wanted]
    found_stages = [each for each in stages if str(each.asset_id) in wanted]
    known = {each.full_path for each in found_files} | {str(each.asset_id) for each in found_stages}
    for name in names:
        if name not in known and os.path.abspath(name) not in known:
            raise UserError(f"{name} is not in quarantine", "see photofactory quarantine list")
    return found_files, found_stages


def release(database: Database, files: Sequence[HeldFile]) -> int:
    """Take files off the list."""
    now = SystemClock().now()
    count = database.run(
        lambda session: repository.release_files(session, [each.id for each in files], now)
    )
    print(f"{count} files released: they stay where they are and are not looked at again")
    return 0


def retry(database: Database, files: Sequence[HeldFile], stages: Sequence[HeldStage]) -> int:
    """Let everything be tried anew: inboxes scan by themselves, other folders need a job."""
    now = SystemClock().now()
    named = [quoted(each) for each in files if not each.is_inbox]

    def again(session: orm.Session) -> None:
        repository.forget_decision(session, [each.id for each in files])
        for stage, rows in groupby(stages, key=lambda each: each.stage):
            ledger.clear(session, stage, [each.asset_id for each in rows], now=now)
        if named:
            jobs.request(session, "ingest", {"paths": named, "mode": "copy"}, now=now)

    database.run(again)
    print(f"{len(files)} files and {len(stages)} stages are looked at again")
    return 0


def quoted(file: HeldFile) -> str:
    """Return the file's absolute path as ingest jobs have it."""
    folder = os.fsencode(file.source_path)
    return urllib.parse.quote_from_bytes(os.path.join(folder, file.path))
