"""Files per second of a rebuild, against `sha256sum` over the same originals.

    ./photofactory bench rebuild [-- --files 300] [--small 2000] [--folder DIR]

Originals of 4 MB and small ones, each filed first by the librarian, then rebuilt into an empty
database; all of the rebuild included: the survey, hashing, metadata read in child processes, rows,
events, links. Both sides read from the page cache; processor time is without PostgreSQL.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

import bulk_photos
from factories import Factory
from measuring import Cost, cost_of
from shared import logs, models
from shared.database import Database
from suite import database_setup, folder_setup, household_record, postgres
from suite.commands import rebuild
from suite.data_folder import DataFolder

ZONE = "Europe/Berlin"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--small", type=int, default=2000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    logs.configure("bench", "WARNING")
    print("| | files/s | of `sha256sum` | processor ms a file | of `sha256sum` |")
    print("|---|---|---|---|---|")
    makers = (
        ("4 MB", options.files, bulk_photos.write_large),
        ("small", options.small, bulk_photos.write),
    )
    for label, count, make in makers:
        if count:
            measure(label, count, make, options.folder)


def measure(label: str, count: int, make: Callable[[Path, int], None], parent: Path | None) -> None:
    """Print the lines of one size."""
    with tempfile.TemporaryDirectory(dir=parent) as name, ExitStack() as resources:
        folder = DataFolder(Path(name) / "data")
        cluster = postgres.Cluster(Path(name) / "cluster")
        resources.callback(cluster.stop)
        cluster.start()
        fill(cluster, folder, lambda: make(folder.inbox, count))
        originals = sorted(folder.originals.rglob("*.jpg"))
        assert len(originals) == count
        floor = cost_of(
            lambda: subprocess.run(["sha256sum", *originals], check=True, stdout=subprocess.DEVNULL)
        )
        empty(cluster)
        cost = cost_of(lambda: rebuild_all(cluster, folder, count))
    for what, each in ((f"{label}: `sha256sum`", floor), (f"{label}: rebuild", cost)):
        print(line(what, count, each, floor), flush=True)


def line(what: str, count: int, cost: Cost, floor: Cost) -> str:
    """A line of the table."""
    work_ms = cost.processor_s * 1000 / count
    return (
        f"| {what} | {count / cost.wall_s:.1f} | {floor.wall_s / cost.wall_s:.2f} "
        f"| {work_ms:.1f} | {cost.processor_s / floor.processor_s:.2f} |"
    )


def fill(cluster: postgres.Cluster, folder: DataFolder, make: Callable[[], None]) -> None:
    """File everything, as the factory does."""
    database_setup.migrate(cluster.url())
    with Database(cluster.url(), application_name="benchmark") as database:
        folder_setup.register(database, folder, [])
        database_setup.settle_zone(database, ZONE, ZONE)
        household_record.write(database)
        make()
        with database.read() as session:
            source_id = session.scalars(sa.select(models.Source.id)).one()
        outcomes = Factory(folder.inbox, folder.originals, source_id, database).file()
        assert {each.outcome for each in outcomes} == {"filed"}


def empty(cluster: postgres.Cluster) -> None:
    """Lose the ledger."""
    with (
        Database(cluster.url(), application_name="benchmark") as database,
        database.transaction() as session,
    ):
        session.connection().exec_driver_sql("drop schema public cascade; create schema public")


def rebuild_all(cluster: postgres.Cluster, folder: DataFolder, count: int) -> None:
    """Make it anew, as the command does."""
    database_setup.migrate(cluster.url())
    with Database(cluster.url(), application_name="benchmark") as database:
        balance = rebuild.rebuild(database, folder)
    assert balance.outcomes == {"restored": count}


if __name__ == "__main__":
    main()
