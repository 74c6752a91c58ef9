"""Files per second of filing, against a floor: sha256sum over all, cp of all, fsync of each.

    ./photofactory bench filing

Copy mode, 4 MB JPEGs with EXIF, source files in the page cache for both, all of filing included:
metadata in child processes, ledger in PostgreSQL, folder records, fsync of every file. Each is run
three times in turn; the ratio is of the best runs.
"""

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import factories
import photos
import postgres_cluster
from factories import Factory
from librarian.filing import Filer
from librarian.reader import FUNCTION, Reader
from shared import folders
from shared.children import Children
from shared.clock import SystemClock
from shared.database import Database
from shared.ownership import Owner
from suite import database_setup

BATCH = 64


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    floors: list[float] = []
    filings: list[float] = []
    with postgres_cluster.running() as cluster:
        for run in range(options.runs):
            with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                name = f"benchmark_{run}"
                cluster.execute(f"create database {name}")
                database_setup.migrate(cluster.url(name))
                floor, filing = measure(Path(folder), cluster.url(name), options.files)
                floors.append(options.files / floor)
                filings.append(options.files / filing)
    print("| | files/s (best) | all runs |")
    print("|---|---|---|")
    for label, rates in (("floor: sha256sum, cp, fsync", floors), ("filing", filings)):
        print(f"| {label} | {max(rates):.1f} | {', '.join(f'{rate:.1f}' for rate in rates)} |")
    print(f"| ratio | {max(filings) / max(floors):.2f} | |")


def measure(folder: Path, url: str, count: int) -> tuple[float, float]:
    """Seconds of the floor and of filing for the same files."""
    with Database(url, application_name="benchmark") as database:
        factory = factories.make(database, folder, mode="copy")
        make_photos(factory.inbox, count)
        return floor_s(factory.inbox, folder / "floor"), filing_s(factory)


def make_photos(folder: Path, count: int) -> None:
    """JPEGs of 4 MB, each another content, over ten days."""
    noise = random.Random(1)  # noqa: S311  no secret
    for number in range(count):
        day = 1 + number % 10
        head = photos.jpeg(taken=f"2023:07:{day:02} 12:00:{number % 60:02}", seed=number)
        # Padding after the end of the image, as some phones write their maker's data.
        (folder / f"IMG_{number:05}.jpg").write_bytes(head + noise.randbytes(4_000_000) + head[-2:])
    subprocess.run(["sync"], check=True)


def floor_s(source: Path, target: Path) -> float:
    """Hash all, copy all, fsync each, one after the other."""
    files = sorted(source.iterdir())
    target.mkdir()
    began = time.perf_counter()
    subprocess.run(["sha256sum", *files], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cp", *files, target], check=True)
    for path in target.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    took = time.perf_counter() - began
    shutil.rmtree(target)
    subprocess.run(["sync"], check=True)
    return took


def filing_s(factory: Factory) -> float:
    """Claim and file everything in batches."""
    descriptor = folders.open_root(str(factory.inbox))
    pool = Children(FUNCTION, processes=2)
    with Owner(factory.database) as owner:
        filer = Filer(factory.database, owner, Reader(pool), SystemClock())
        began = time.perf_counter()
        claimed = factory.claim(owner.id)
        for start in range(0, len(claimed), BATCH):
            outcomes = filer.file(claimed[start : start + BATCH], descriptor)
            assert all(outcome.outcome == "filed" for outcome in outcomes)
        took = time.perf_counter() - began
        filer.close()
    pool.close()
    os.close(descriptor)
    return took


if __name__ == "__main__":
    main()
