"""How a command reaches the database: that of the running suite, or one started for the moment."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from shared.database import Database
from shared.errors import DependencyError, UserError
from suite import data_folder, database_setup, process_identity, suite_state
from suite.data_folder import DataFolder
from suite.postgres import Cluster
from suite.settings import SuiteSettings


@contextmanager
def opened(data: Path) -> Iterator[Database]:
    """Give the ledger's database of a data folder; where no suite runs, it is started meanwhile.

    Raises UserError if ``data`` was never used, or is in use by something else; DependencyError
    while a suite starts or ends.
    """
    folder = DataFolder(data)
    with ExitStack() as stack:
        url = running_url(folder) or stack.enter_context(_started(folder))
        yield stack.enter_context(Database(url, application_name="photofactory"))


@contextmanager
def of_running_suite(data: Path) -> Iterator[Database]:
    """Give the database to a command that needs the services; UserError if they do not run."""
    url = running_url(DataFolder(data))
    if url is None:
        raise UserError(
            f"nothing runs on {data}, and this needs the services",
            f"start them with ./photofactory up --data {data}",
        )
    with Database(url, application_name="photofactory") as database:
        yield database


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
def _started(folder: DataFolder) -> Iterator[str]:
    if not folder.exists:
        raise UserError(
            f"{folder.path} is no data folder",
            "name yours with --data, or make one with ./photofactory up",
        )
    if (data_folder.holder(folder) or "").startswith("up "):
        raise DependencyError("suite", "it is just starting or ending. Try again in a moment")
    data_folder.refuse_without_database(folder)
    with (
        data_folder.claim(folder, "command"),
        Cluster(folder.database, log_path=folder.logs / "database.log") as cluster,
    ):
        database_setup.migrate(cluster.url())
        yield cluster.url()
