"""How a command reaches the database: that of the running suite, or one started for the moment."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from shared.database import Database
from shared.errors import UserError
from suite import data_folder, database_setup, process_identity, suite_state
from suite.data_folder import DataFolder
from suite.postgres import Cluster
from suite.settings import SuiteSettings


@contextmanager
def database(folder: DataFolder, command: str) -> Iterator[Database]:
    """Give the ledger's database to ``command``; where no suite runs, it is started meanwhile.

    Raises UserError if ``folder`` was never used, or is in use by something else.
    """
    with ExitStack() as stack:
        url = running_url(folder) or stack.enter_context(_started(folder, command))
        yield stack.enter_context(Database(url, application_name=f"photofactory {command}"))


@contextmanager
def running_database(folder: DataFolder, command: str) -> Iterator[Database]:
    """Give the database to a command that needs the services; UserError if they do not run."""
    url = running_url(folder)
    if url is None:
        raise UserError(
            f"{command} needs the running suite, and none runs on {folder.path}",
            f"start it with ./photofactory up --data {folder.path}",
        )
    with Database(url, application_name=f"photofactory {command}") as opened:
        yield opened


def running_url(folder: DataFolder) -> str | None:
    """Return the address of the database that runs now, None if it would have to be started."""
    given = SuiteSettings().database_url
    if given:
        return given.get_secret_value()
    state = suite_state.read(folder)
    if state and process_identity.is_alive(state.supervisor):
        return state.database_url
    return None


@contextmanager
def _started(folder: DataFolder, command: str) -> Iterator[str]:
    if not folder.exists:
        raise UserError(
            f"{folder.path} is no data folder",
            "name yours with --data, or make one with ./photofactory up",
        )
    with (
        data_folder.claim(folder, command),
        Cluster(folder.database, log_path=folder.logs / "database.log") as cluster,
    ):
        database_setup.migrate(cluster.url())
        yield cluster.url()
