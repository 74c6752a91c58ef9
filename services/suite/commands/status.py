"""`photofactory status`: is everything well, what is waiting, what went wrong."""

import argparse

from dashboard import queries
from dashboard.status import Status
from shared.clock import SystemClock
from suite import access, status_text, suite_run, suite_state, terminal
from suite.data_folder import DataFolder

HELP = "show services, stages, inboxes, disks, errors and the latest photos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    parser.add_argument(
        "--json", action="store_true", help="print the versioned JSON of docs/status.schema.json"
    )


def run(args: argparse.Namespace) -> int:
    """Print the status; 0 when all is well, 1 when something needs a look."""
    services = expected_services(DataFolder(args.data))
    with access.opened(args.data) as database, database.read() as session:
        status = queries.read(session, SystemClock().now(), services)
    if args.json:
        print(status.model_dump_json(indent=2))
    else:
        show(status)
    return 0 if status.is_well else 1


def expected_services(folder: DataFolder) -> tuple[str, ...]:
    """Return the services of the present run; none when nothing runs, so that all are shown."""
    state = suite_state.read(folder)
    names = {service.name for service in (*suite_run.SERVICES, suite_run.RELAY)}
    return tuple(sorted(names & state.processes.keys())) if state else ()


def show(status: Status) -> None:
    """Print the status for a person."""
    console = terminal.console()
    for part in status_text.render(status):
        console.print(part)
