"""`photofactory rebuild`: the ledger made anew from the originals and the records beside them."""

import argparse
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from librarian import high_water
from librarian.domain.capture import DateRules
from librarian.reader import FUNCTION, Reader
from librarian.rebuilding import start
from librarian.rebuilding.balance import Balance
from librarian.rebuilding.rebuild import Rebuild, Wanted
from librarian.repository import originals
from shared.children import children
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import roots
from shared.errors import UserError
from suite import (
    access,
    console,
    data_folder,
    database_setup,
    folder_setup,
    household_record,
    household_zone,
    rebuild_progress,
)
from suite.data_folder import DataFolder
from suite.postgres import Cluster
from suite.settings import SuiteSettings

HELP = "make a lost ledger anew from Storage/Originals; goes on after an interruption"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the household's zone, for originals whose record does not tell it."""
    parser.add_argument(
        "--zone",
        metavar="ZONE",
        help="time zone of photos that do not tell theirs (default: the recorded one, else this "
        "machine's)",
    )


def run(args: argparse.Namespace) -> int:
    """Rebuild; 1 if a file could not be restored or a recorded one is missing."""
    folder = DataFolder(args.data)
    if not folder.originals.is_dir():
        raise UserError(f"{folder.originals} is not there", "name the data folder with --data")
    with _empty_database(folder) as database:
        balance = rebuild(database, folder, args.zone)
    return rebuild_progress.show(balance)


def rebuild(database: Database, folder: DataFolder, named_zone: str | None = None) -> Balance:
    """Restore the ledger of ``folder``; returns what became of every file."""
    clock, settings = SystemClock(), SuiteSettings()
    begun = start.begin(database, str(folder.originals), clock)
    if begun.is_resumed:
        console.say("going on with the rebuild that was interrupted")
    outcome = folder_setup.register(database, folder, [], is_rebuild=True)
    for warning in outcome.warnings:
        console.say(f"note: {warning}")
    of_machine = household_zone.of_machine(settings.machine_zone)
    recorded = household_record.take_over(database)
    named_zone = named_zone or settings.default_zone or recorded
    zone = database_setup.settle_zone(database, named_zone, of_machine)
    origin = "" if named_zone else " (none is recorded)"
    console.say(
        f"time zone {zone}{origin}, of photos that do not tell theirs; --zone names another"
    )
    with ExitStack() as stack:
        with database.read() as session:
            catalog_id = originals.library(session)
            known = roots.known(session, roots.find(session, "originals")[0])
        pool = children.Children(FUNCTION, processes=os.cpu_count() or 1)
        stack.callback(pool.close)
        root = stack.enter_context(known.open(is_for_writing=False))
        rules = DateRules(default_zone=zone, now=clock.now())
        wanted = Wanted(database, root, catalog_id, Reader(pool), rules)
        balance = Rebuild(wanted, stack.enter_context(rebuild_progress.Bar())).run()
        high_water.raise_to_now(database, root)
    household_record.write(database)
    start.finish(database, begun, rebuild_progress.summary(balance), clock)
    return balance


@contextmanager
def _empty_database(folder: DataFolder) -> Iterator[Database]:
    """Give the database that is to become the ledger; nothing else may run on the folder."""
    given = SuiteSettings().database_url
    if not given and access.running_url(folder):
        raise UserError(f"the suite runs on {folder.path}", "stop it first (Ctrl-C in its window)")
    with ExitStack() as stack:
        stack.enter_context(data_folder.claim(folder, "rebuild"))
        if given:
            url = given.get_secret_value()
        else:
            cluster = Cluster(folder.database, log_path=folder.logs / "database.log")
            url = stack.enter_context(cluster).url()
        database_setup.migrate(url)
        yield stack.enter_context(Database(url, application_name="photofactory rebuild"))
