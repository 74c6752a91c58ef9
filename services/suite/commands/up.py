"""`photofactory up`: the whole factory on this machine."""

import argparse

from shared.errors import UserError
from suite import inbox, suite_run
from suite.data_folder import DataFolder
from suite.settings import SuiteSettings

HELP = "start everything; Ctrl-C ends it"

DEFAULT_PORT = 8420


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        metavar="N",
        help=f"of the dashboard, on this machine only (default: {DEFAULT_PORT}; 0: any free one)",
    )
    add_household_arguments(parser)
    parser.add_argument(
        "--kafka", metavar="HOST:PORT", help="let events travel through this Kafka broker"
    )


def add_household_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what is stored in the ledger: inboxes and time zone."""
    parser.add_argument(
        "--inbox",
        action="append",
        default=[],
        type=inbox.parse,
        dest="inboxes",
        metavar="DIR[=copy|move]",
        help="watch this folder, too: copy (default) leaves it as it is, move empties it; "
        "may be repeated",
    )
    parser.add_argument(
        "--zone",
        metavar="ZONE",
        help="time zone of photos that do not tell theirs, such as Europe/Berlin "
        "(default: this machine's, when the data folder is made)",
    )


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C; an orderly end is 0."""
    settings = SuiteSettings()
    return suite_run.run(
        suite_run.Wish(
            folder=DataFolder(args.data),
            port=args.port,
            inboxes=tuple(args.inboxes),
            kafka=_broker(args.kafka or settings.kafka_bootstrap_servers),
            zone=args.zone,
        )
    )


def _broker(text: str | None) -> str | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise UserError(f"{text} is no address of a broker", "name it like --kafka localhost:9092")
    return text
