"""`photofactory cleanup`: history that is past its time is deleted; photos never are."""

import argparse

from shared import retention
from shared.clock import SystemClock
from suite import access

HELP = "Delete heartbeat history older than 60 days (it also happens daily)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the retention."""
    parser.add_argument(
        "--days", type=int, default=60, help="keep this many days (default 60)"
    )


def run(args: argparse.Namespace) -> int:
    """Delete old history."""
    with access.opened(args.data) as database:
        deleted = retention.delete_old_history(
            database, now=SystemClock().now(), days=max(1, args.days)
        )
    print(f"{deleted} heartbeats older than {max(1, args.days)} days deleted")
    return 0
