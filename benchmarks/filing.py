"""Files per second of filing, against a floor: sha256sum over all, cp of all, fsync of each.

    ./photofactory bench filing [-- --files 200] [--folder DIR]

Copy mode, 4 MB JPEGs with EXIF, source files in the page cache for both, all of filing included:
ledger in a durable PostgreSQL, folder records, fsync of every file; with metadata read in child
processes, and without any, which shows what reading costs. All are run several times in turn; the
ratio is of the best runs. Processor time is that of both sides' own processes without PostgreSQL.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import bulk_photos
import factories
from factories import Factory
from librarian.domain.facts import Facts
from librarian.filer import Filer
from librarian.filing import FactsReader
from librarian.reader import FUNCTION, Reader
from measuring import Cost, cost_of
from shared import logs
from shared.children.children import Children
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import folders
from shared.ownership import Owner
from suite import database_setup, postgres

BATCH = 64
FLOOR, FILING, WITHOUT = "floor: sha256sum, cp, fsync", "filing", "filing, metadata not read"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    logs.configure("bench", "WARNING")
    costs: dict[str, list[Cost]] = {FLOOR: [], FILING: [], WITHOUT: []}
    with tempfile.TemporaryDirectory(dir=options.folder) as name, ExitStack() as resources:
        folder = Path(name)
        cluster = postgres.Cluster(folder / "cluster")
        resources.callback(cluster.stop)
        cluster.start()
        photos_of_all = folder / "photos"
        photos_of_all.mkdir()
        bulk_photos.write_large(photos_of_all, options.files)
        subprocess.run(["sync"], check=True)
        for _ in range(options.runs):
            costs[FLOOR].append(cost_of(lambda: by_hand(photos_of_all, folder / "floor")))
            for label, make in ((FILING, reading), (WITHOUT, not_reading)):
                cost = filing_cost(cluster, photos_of_all, make)
                costs[label].append(cost)
    best = {label: min(runs) for label, runs in costs.items()}
    print("| | files/s (best) | all runs | of the floor | processor ms a file | of the floor |")
    print("|---|---|---|---|---|---|")
    for label, runs in costs.items():
        rates = ", ".join(f"{options.files / cost.wall_s:.1f}" for cost in runs)
        work_ms = min(cost.processor_s for cost in runs) * 1000 / options.files
        floor_ms = min(cost.processor_s for cost in costs[FLOOR]) * 1000 / options.files
        print(
            f"| {label} | {options.files / best[label].wall_s:.1f} | {rates} "
            f"| {best[FLOOR].wall_s / best[label].wall_s:.2f} "
            f"| {work_ms:.1f} | {work_ms / floor_ms:.2f} |"
        )


def by_hand(source: Path, target: Path) -> None:
    """Hash all, copy all, fsync each, one after the other."""
    files = sorted(source.iterdir())
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    subprocess.run(["sha256sum", *files], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cp", *files, target], check=True)
    for path in target.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


class NotReading:
    """Every file is a JPEG that says nothing."""

    def read(self, fd: int, name: str) -> Facts:
        """No tags."""
        del fd, name
        return Facts("image", "image/jpeg")


def not_reading(resources: ExitStack) -> FactsReader:
    """The reader that reads nothing."""
    del resources
    return NotReading()


def reading(resources: ExitStack) -> FactsReader:
    """The librarian's reader."""
    pool = Children(FUNCTION, processes=2)
    resources.callback(pool.close)
    return Reader(pool)


def filing_cost(
    cluster: postgres.Cluster, source: Path, make_reader: Callable[[ExitStack], FactsReader]
) -> Cost:
    """What it costs to file everything in batches, into a new factory."""
    with (
        tempfile.TemporaryDirectory(dir=source.parent) as folder,
        Database(cluster.url(), application_name="benchmark") as database,
    ):
        database_setup.migrate(cluster.url())
        factory = factories.make(database, Path(folder), mode="copy")
        for path in source.iterdir():
            os.link(path, factory.inbox / path.name)
        cost = cost_of(lambda: file_all(factory, make_reader))
        with database.transaction() as session:
            session.connection().exec_driver_sql("drop schema public cascade; create schema public")
    subprocess.run(["sync"], check=True)
    return cost


def file_all(factory: Factory, make_reader: Callable[[ExitStack], FactsReader]) -> None:
    """Claim and file everything in batches; starting and ending the children is part of it."""
    with ExitStack() as resources:
        descriptor = folders.open_root(str(factory.inbox))
        resources.callback(os.close, descriptor)
        owner = resources.enter_context(Owner(factory.database))
        filer = Filer(factory.database, owner, make_reader(resources), SystemClock())
        resources.callback(filer.close)
        claimed = factory.claim(owner.id)
        for start in range(0, len(claimed), BATCH):
            outcomes = filer.file(claimed[start : start + BATCH], descriptor)
            assert all(outcome.outcome == "filed" for outcome in outcomes)


if __name__ == "__main__":
    main()
