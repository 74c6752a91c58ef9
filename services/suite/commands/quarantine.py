"""`photofactory quarantine`: what is kept out, why, and what a person decides about it."""

import argparse
import json
import os
import urllib.parse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import orm

from dashboard import library_queries
from dashboard.status import DamagedFile
from dashboard.words import counted, size
from shared import jobs, ledger
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import UserError
from suite import access, repository, terminal
from suite.repository import HeldFile, HeldStage

HELP = "list what is kept out of the library or of a stage; try it again, or let it go"


@dataclass(frozen=True, slots=True)
class Held:
    """Files that are not in the library, stages that gave up, and originals that are not whole."""

    files: Sequence[HeldFile]
    stages: Sequence[HeldStage]
    damaged: Sequence[DamagedFile] = ()

    @property
    def kept_out(self) -> list[HeldFile]:
        """Return the files that stay out until a person does something."""
        return [each for each in self.files if not each.is_waiting]

    @property
    def waiting(self) -> list[HeldFile]:
        """Return the files that are tried again by themselves, the longest waiting first."""
        waiting = (each for each in self.files if each.is_waiting)
        return sorted(waiting, key=lambda each: each.first_seen_at)

    def to_json(self) -> dict[str, Any]:
        """Return everything, for people's scripts."""
        return {
            "format": 1,
            "files": [file_json(each) for each in self.kept_out],
            "waiting": [file_json(each) for each in self.waiting],
            "stages": [
                {
                    "asset_id": str(each.asset_id),
                    "name": each.name,
                    "stage": each.stage,
                    "error": each.error,
                }
                for each in self.stages
            ],
            "damaged": [each.model_dump(mode="json") for each in self.damaged],
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three actions."""
    parser.add_argument(
        "action",
        choices=("list", "retry", "release"),
        help="list; retry: look at it again; release: files stay where they are, off this list",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="FILE|ASSET",
        help="a path as listed, or the id or name of a photo",
    )
    parser.add_argument("--all", action="store_true", help="everything that is listed")
    parser.add_argument("--json", action="store_true", help="list as JSON")


def run(args: argparse.Namespace) -> int:
    """List, or act on what is named."""
    with access.opened(args.data) as database:
        with database.read() as session:
            held = Held(
                repository.held_files(
                    session,
                    ("quarantined", "failed"),
                    with_waiting=True,
                    with_released=args.action == "retry" and not args.all,
                ),
                repository.held_stages(session, states=("quarantined",)),
                library_queries.read_damaged(session, limit=None),
            )
        if args.action == "list":
            show(held, is_json=args.json)
            return 1 if held.kept_out or held.stages else 0
        if not args.all:
            held = chosen(args.names, held)
        return release(database, held) if args.action == "release" else retry(database, held)


def show(held: Held, *, is_json: bool) -> None:
    """Print what is held, with its reason and the way out."""
    if is_json:
        print(json.dumps(held.to_json(), indent=2))
        return
    for line in lines(held):
        print(line)
    print(
        f"{counted(len(held.kept_out), 'file')} and {counted(len(held.stages), 'stage')} of photos"
        f" in quarantine, {counted(len(held.waiting), 'file')} waiting,"
        f" {counted(len(held.damaged), 'file')} not whole"
    )


def lines(held: Held) -> Iterator[str]:
    """Yield the parts that are not empty."""
    if held.kept_out:
        yield "Not in the library; left where they are until they change, or you retry or release:"
        yield from map(file_text, held.kept_out)
    if held.waiting:
        yield "Waiting; filed once what they wait for is there (release lets them go):"
        yield from map(file_text, held.waiting)
    if held.stages:
        yield "In the library; one step gave up on them (retry after a cure):"
    for stage in held.stages:
        yield f"  {stage.asset_id}  {terminal.plain(stage.name)}"
        yield f"      {stage.stage}: {terminal.plain(stage.error or '')}"
    if held.damaged:
        yield "In the library, not whole; a whole one that arrives heals it or is linked with it:"
    for damaged in held.damaged:
        whole = f"; the whole picture is {damaged.whole}" if damaged.whole else ""
        yield f"  {damaged.asset_id}  {terminal.plain(damaged.path)}"
        yield f"      {terminal.plain(damaged.damage + whole)}"


def file_text(file: HeldFile) -> str:
    """Return two lines: where it is, and why it is not in the library."""
    why = ": ".join(part for part in (file.reason, file.detail) if part)
    facts = f"{size(file.size_bytes)}, met {file.first_seen_at:%Y-%m-%d %H:%M}"
    return f"  {terminal.plain(file.full_path)}\n      {terminal.plain(why)} ({facts})"


def file_json(file: HeldFile) -> dict[str, Any]:
    """Return a file as the list has it."""
    return {
        "path": terminal.plain(file.full_path),
        "outcome": file.outcome or "waiting",
        "reason": file.reason,
        "detail": file.detail,
        "size_bytes": file.size_bytes,
        "since": file.first_seen_at.isoformat(),
    }


def chosen(names: Sequence[str], held: Held) -> Held:
    """Return what ``names`` mean; raises UserError for a name that is not listed."""
    if not names:
        raise UserError("nothing is named", "name files or photos as listed, or give --all")
    wanted = {*names, *(os.path.abspath(name) for name in names)}
    files = [each for each in held.files if {each.full_path, shown(each)} & wanted]
    stages = [each for each in held.stages if {str(each.asset_id), each.name} & wanted]
    known = {path for each in files for path in (each.full_path, shown(each))}
    known |= {name for each in stages for name in (str(each.asset_id), each.name)}
    for name in names:
        if name not in known and os.path.abspath(name) not in known:
            raise UserError(f"{name} is not in quarantine", "see photofactory quarantine list")
    return Held(files, stages)


def shown(file: HeldFile) -> str:
    """Return its path as the list prints it."""
    return terminal.plain(file.full_path)


def release(database: Database, held: Held) -> int:
    """Take files off the list; a stage has nothing to let go.

    Raises:
        UserError: Only stages are named.
    """
    if held.stages and not held.files:
        raise UserError(
            "only files are released", "these photos are in the library; retry tries the step again"
        )
    now = SystemClock().now()
    ids = [each.id for each in held.files]
    count = database.run(lambda session: repository.release_files(session, ids, now))
    print(
        f"{counted(count, 'file')} released: left alone where they are until they change,"
        " or are retried"
    )
    return 0


def retry(database: Database, held: Held) -> int:
    """Let everything be tried anew: inboxes scan by themselves, other folders need a job."""
    now = SystemClock().now()
    named = [quoted(each) for each in held.files if not each.is_inbox]

    def again(session: orm.Session) -> None:
        repository.forget_decision(session, [each.id for each in held.files])
        for stage, rows in groupby(held.stages, key=lambda each: each.stage):
            ledger.clear(session, stage, [each.asset_id for each in rows], now=now)
        if named:
            jobs.request(session, "ingest", {"paths": named, "mode": "copy"}, now=now)

    database.run(again)
    print(
        f"{counted(len(held.files), 'file')} and {counted(len(held.stages), 'stage')}"
        " are looked at again, within a minute or so"
    )
    return 0


def quoted(file: HeldFile) -> str:
    """Return the file's absolute path as ingest jobs have it."""
    folder = os.fsencode(file.source_path)
    return urllib.parse.quote_from_bytes(os.path.join(folder, file.path))
