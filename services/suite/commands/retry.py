"""`photofactory retry`: what failed is tried again, now."""

import argparse
from itertools import groupby

from dashboard import words
from shared import ledger
from shared.clock import SystemClock
from shared.stages import stages
from suite import access, repository

HELP = "try failed stages and files again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is tried; without arguments everything that failed."""
    parser.add_argument("--stage", choices=sorted(stages.BY_NAME), help="only this stage")
    parser.add_argument("--reason", metavar="TEXT", help="only errors that contain this text")


def run(args: argparse.Namespace) -> int:
    """Make failed stages pending and failed files undecided; their owners take them up."""
    now = SystemClock().now()
    with access.opened(args.data) as database, database.transaction() as session:
        held = repository.held_stages(session, stage=args.stage, reason=args.reason)
        for stage, rows in groupby(held, key=lambda each: each.stage):
            ledger.clear(session, stage, [each.asset_id for each in rows], now=now)
        files = 0
        if not args.stage:
            failed = [
                each.id
                for each in repository.held_files(session, ("failed",))
                if (args.reason or "").casefold() in f"{each.reason} {each.detail}".casefold()
            ]
            files = repository.forget_decision(session, failed)
    print(f"tried again: {words.counted(len(held), 'stage')} and {words.counted(files, 'file')}")
    return 0
