"""Small photos dropped all at once into the move inbox of a running suite.

    ./photofactory bench bulk_drop [-- --files 20000]

The reference is sha256sum over all of them, a copy, and an fsync of each, by one thread: what a
careful script would do. Time counts from the end of the drop. Memory is that of the librarian.
"""

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

import bulk_photos
from measuring import Cost, cost_of
from memory import peak_mib, reset_peak, resident_mib
from running_suite import RunningSuite
from waiting import until

LIMIT_S = 3_600.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="pf-drop-") as name,
        RunningSuite(Path(name) / "data") as suite,
    ):
        folder = Path(name) / "photos"
        bulk_photos.write(folder, options.files)
        reference = cost_of(lambda: by_hand(folder, Path(name) / "by-hand"))
        suite.start()
        drop(suite, folder, options.files, reference)
        suite.stop()


def drop(suite: RunningSuite, folder: Path, count: int, reference: Cost) -> None:
    """Drop the folder and wait until everything is filed, then until everything is done."""
    librarian = suite.marks()["librarian"].pid
    reset_peak(librarian)
    before_mib = resident_mib(librarian)
    subprocess.run(["cp", "-r", folder, suite.data / "Photos_Inbox"], check=True)
    dropped = time.monotonic()
    with psycopg.connect(suite.state()["database_url"], autocommit=True) as connection:

        def seconds_until(query: str, wanted: int) -> float:
            def is_there() -> bool:
                row = connection.execute(query.encode()).fetchone()
                return row is not None and row[0] >= wanted

            until(is_there, within_s=LIMIT_S, what=query, every_s=0.25)
            return time.monotonic() - dropped

        first_s = seconds_until("select count(*) from media_assets", 1)
        all_s = seconds_until("select count(*) from media_assets", count)
        left_s = seconds_until(
            "select count(*) from files where source_removed_at is not null", count
        )
        memory_mib = peak_mib(librarian)
        flags = "is_thumbnailed and is_geocoded and is_backed_up"
        done_s = seconds_until(f"select count(*) from media_assets where {flags}", count)
    print("| | seconds after the drop | files/s | of by hand |")
    print("|---|---|---|---|")
    print(
        f"| by hand: sha256sum, cp, fsync | {reference.wall_s:.1f} "
        f"| {count / reference.wall_s:.0f} | 1.00 |"
    )
    print(f"| first filed | {first_s:.1f} | | |")
    for label, seconds in (("all filed", all_s), ("inbox empty", left_s), ("every flag", done_s)):
        print(
            f"| {label} | {seconds:.1f} | {count / seconds:.0f} "
            f"| {reference.wall_s / seconds:.2f} |"
        )
    print(f"\nLibrarian: {before_mib:.0f} MiB resident before, {memory_mib:.0f} MiB at most")


def by_hand(folder: Path, target: Path) -> None:
    """Hash, copy, fsync each."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    subprocess.run(
        ["xargs", "-0", "sha256sum"],
        input=b"\0".join(os.fsencode(path) for path in files),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    subprocess.run(["cp", "-r", folder, target], check=True)
    for path in target.rglob("*"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


if __name__ == "__main__":
    main()
