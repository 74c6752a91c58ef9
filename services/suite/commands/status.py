"""`photofactory status`: is everything well, what is waiting, what went wrong."""

import argparse

from rich.console import Console

from dashboard import queries
from dashboard.status import Status
from shared.clock import SystemClock
from suite import access, status_text

HELP = "Show services, stages, inboxes, disks, errors and the latest photos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    parser.add_argument(
        "--json", action="store_true", help="print the versioned JSON of docs/status.schema.json"
    )


def run(args: argparse.Namespace) -> int:
    """Print the status; 0 when all is well, 1 when something needs a look."""
    with access.opened(args.data) as database, database.read() as session:
        status = queries.read(session, SystemClock().now())
    if args.json:
        print(status.model_dump_json(indent=2))
    else:
        show(status)
    return 0 if status.is_well else 1


def show(status: Status) -> None:
    """Print the status for a person."""
    console = Console(highlight=False)
    for part in status_text.render(status):
        console.print(part)
