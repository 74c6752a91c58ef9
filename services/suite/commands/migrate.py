"""`photofactory migrate`: prepares database and folders, before the services start.

`up` runs it in a process of its own, so that what it needs does not stay in memory; containers
run it once before theirs.
"""

import argparse

from librarian import high_water
from shared.database import Database
from shared.errors import UserError
from suite import console, database_setup, folder_setup, household_record, household_zone
from suite.commands import up
from suite.data_folder import DataFolder
from suite.settings import SuiteSettings

HELP = "prepare a database that others run, and the folders beside it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the ledger remembers."""
    up.add_household_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Apply migrations, make the folders known; once before the services start is enough."""
    settings = SuiteSettings()
    if settings.database_url is None:
        raise UserError(
            "PHOTOFACTORY_DATABASE_URL names no database",
            "set it, or use ./photofactory up, which runs its own",
        )
    url = settings.database_url.get_secret_value()
    if database_setup.migrate(url):
        console.say("the database was restored or moved: readers begin a new epoch")
    with Database(url, application_name="photofactory migrate") as database:
        outcome = folder_setup.register(database, DataFolder(args.data), args.inboxes)
        machine_zone = household_zone.of_machine(settings.machine_zone)
        is_too_old = high_water.is_too_old(database)
        recorded = household_record.take_over(database) if is_too_old else None
        named = args.zone or settings.default_zone or recorded
        zone = database_setup.settle_zone(database, named, machine_zone)
        household_record.write(database)
    console.announce(DataFolder(args.data), outcome, zone)
    return 0
