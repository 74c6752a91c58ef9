"""`photofactory cleanup`: history that is past its time is deleted; photos never are."""

import argparse

from shared import retention
from shared.clock import SystemClock
from suite import access

HELP = "delete heartbeat history older than 60 days (it also happens daily)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the retention."""
    parser.add_argument("--days", type=days, default=60, help="keep this many days (default 60)")


def run(args: argparse.Namespace) -> int:
    """Delete old history."""
    with access.opened(args.data) as database:
        deleted = retention.delete_old_history(database, now=SystemClock().now(), days=args.days)
    print(f"{deleted} heartbeats older than {args.days} days deleted")
    return 0


def days(text: str) -> int:
    """Return a number of whole days, one at least: what is of today is in use."""
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days, 1 or more")
    return int(text)
