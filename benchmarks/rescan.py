"""A scan of an inbox in copy mode whose files are all known, against a bare walk of it.

    ./photofactory bench rescan [-- --files 200000] [--folder DIR]

The reference is `os.walk` with an lstat of every file. The files are empty; their rows say that
they are filed. A file that is not recognised would fail the run.
Resident memory is that of this process, before the first scan and at its peak afterwards.
"""

import argparse
import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

import factories
import postgres_cluster
from factories import Factory
from hand_clock import GoingOn, HandClock
from librarian import inbox, scanner
from librarian.arrivals import Claimed, Found, Outcome, Source
from librarian.desk import Desk
from measuring import Cost, cost_of, peak_mib, reset_peak, resident_mib
from shared import logs
from shared.database import Database
from shared.disk import folders
from suite import database_setup

PER_FOLDER = 1_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    logs.configure("bench", "WARNING")
    with (
        postgres_cluster.running() as cluster,
        tempfile.TemporaryDirectory(dir=options.folder) as folder,
    ):
        cluster.execute("create database benchmark")
        database_setup.migrate(cluster.url("benchmark"))
        with Database(cluster.url("benchmark"), application_name="benchmark") as database:
            factory = factories.make(database, Path(folder), mode="copy")
            make_known_files(factory, options.files)
            measure(factory, options.files, options.runs)


def make_known_files(factory: Factory, count: int) -> None:
    """Empty files, a thousand in each folder, and the rows of a librarian that has filed them."""
    for start in range(0, count, PER_FOLDER):
        folder = factory.inbox / f"DCIM/{start // PER_FOLDER:05}"
        folder.mkdir(parents=True)
        for number in range(start, min(start + PER_FOLDER, count)):
            (folder / f"IMG_{number:07}.jpg").touch()
    with opened(factory) as source_fd:
        for batch in inbox.batched(scanner.walk(source_fd), 10_000):
            add_rows(factory, [each for each in batch if isinstance(each, Found)])
    with factory.database.engine.connect().execution_options(
        isolation_level="AUTOCOMMIT"
    ) as connection:
        connection.execute(sa.text("vacuum analyze files"))


def add_rows(factory: Factory, found: Sequence[Found]) -> None:
    """The rows of filed files."""
    with factory.database.transaction() as session:
        session.execute(
            sa.text("""
                insert into files (id, source_id, path, display_path, original_name, size_bytes,
                  mtime_ns, outcome, decided_at)
                select gen_random_uuid(), :source, i.path, convert_from(i.path, 'UTF8'),
                  convert_from(i.path, 'UTF8'), 0, i.mtime_ns, 'filed', now()
                from unnest(cast(:paths as bytea[]), cast(:times as bigint[])) as i(path, mtime_ns)
                """),
            {
                "source": factory.source_id,
                "paths": [each.path for each in found],
                "times": [each.mtime_ns for each in found],
            },
        )


def measure(factory: Factory, count: int, runs: int) -> None:
    """Scan several times, each in turn with the reference."""
    clock = HandClock()
    desk = Desk(factory.database, _NoFiling(), clock, 1, GoingOn())
    box = inbox.Inbox(factory.source(), desk, threading.Event())
    reset_peak()
    memory_mib = resident_mib()
    walks: list[Cost] = []
    scans: list[Cost] = []
    for _ in range(runs):
        walks.append(cost_of(lambda: walk(factory.inbox)))
        clock.pass_by(3_600)
        scans.append(cost_of(box.visit))
    box.close()
    print("| | seconds (best) | processor seconds of this process |")
    print("|---|---|---|")
    for label, cost in (("os.walk and lstat", min(walks)), (f"scan of {count:,}", min(scans))):
        print(f"| {label} | {cost.wall_s:.2f} | {cost.processor_s:.2f} |")
    print(f"| ratio | {min(scans).wall_s / min(walks).wall_s:.1f} | |")
    print(f"\nResident memory: {memory_mib:.0f} MiB before, {peak_mib():.0f} MiB at most")


def walk(folder: Path) -> None:
    """The reference."""
    for parent, _, names in os.walk(folder):
        for name in names:
            os.lstat(f"{parent}/{name}")


@contextlib.contextmanager
def opened(factory: Factory) -> Iterator[int]:
    """The inbox, open."""
    descriptor = folders.open_root(str(factory.inbox))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _NoFiling:
    """Fails when a file is read: all are known."""

    def file(self, batch: Sequence[Claimed], source_fd: int) -> Sequence[Outcome]:
        del source_fd
        raise AssertionError(f"{len(batch)} known files were not recognised")

    def recover(self, source: Source, source_fd: int) -> None:
        pass

    def remove_recorded(self, source: Source, source_fd: int, file_ids: Sequence[UUID]) -> None:
        pass


if __name__ == "__main__":
    main()
