"""A scan of an inbox in copy mode whose files are all known, against a bare walk of it.

    ./photofactory bench rescan [-- --files 200000] [--folder DIR]

The reference is `os.walk` with an lstat of every file. The files are empty; their rows say that
they are filed. A file that is not recognised fails the run.
"""

import argparse
import os
import tempfile
from pathlib import Path

import factories
import postgres_cluster
import scanning
from factories import Factory
from measuring import cost_of
from shared.database import Database
from suite import database_setup


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with (
        postgres_cluster.running() as cluster,
        tempfile.TemporaryDirectory(dir=options.folder) as folder,
    ):
        cluster.execute("create database benchmark")
        database_setup.migrate(cluster.url("benchmark"))
        with Database(cluster.url("benchmark"), application_name="benchmark") as database:
            factory = factories.make(database, Path(folder), mode="copy")
            scanning.make_files(factory, range(options.files))
            measure(factory, scanning.make_known(factory), options.runs)


def measure(factory: Factory, count: int, runs: int) -> None:
    """Walk and scan several times."""
    walked_s = min(cost_of(lambda: walk(factory.inbox)).wall_s for _ in range(runs))
    told = scanning.scan(factory, runs)
    assert (told.offered, told.files_opened) == (0, 0), "known files were not recognised"
    print("| | seconds (best) |")
    print("|---|---|")
    print(f"| os.walk and lstat | {walked_s:.2f} |")
    print(f"| scan of {count:,} | {told.best_s:.2f} |")
    print(f"| ratio | {told.best_s / walked_s:.1f} |")
    print(f"\nMemory of the process that scans: {told.peak_mib:.0f} MiB at most")


def walk(folder: Path) -> None:
    """The reference."""
    for parent, _, names in os.walk(folder):
        for name in names:
            os.lstat(f"{parent}/{name}")


if __name__ == "__main__":
    main()
