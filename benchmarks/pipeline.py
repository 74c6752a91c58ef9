"""Photos per second through the whole suite, against vipsthumbnail making the two previews alone.

    ./photofactory bench pipeline [-- --photos 150]

12 MP JPEGs of some 3 MB, dropped into the inbox of a running suite; it ends when each is filed,
previewed, backed up and verified (and placed, where it has a position). Time counts from the end
of the drop without the quiet time that an inbox waits for. The reference does much less: it runs
vipsthumbnail twice for each photo, two photos at a time. Processor seconds are those of all
processes, the database included.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil
import psycopg

import photo_maker
import vips_reference
from librarian.domain import release
from measuring import Cost, cost_of, processor_s
from running_suite import RunningSuite
from waiting import until

LIMIT_S = 3_600.0


def main() -> int:
    """Print the table; 1 where vipsthumbnail is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=150)
    options = parser.parse_args()
    if not vips_reference.is_there():
        return 1
    with tempfile.TemporaryDirectory(prefix="pf-pipeline-") as name:
        folder = Path(name)
        (folder / "photos").mkdir()
        (folder / "reference").mkdir()
        photos = photo_maker.write_many(folder / "photos", options.photos)
        with RunningSuite(folder / "data") as suite:
            suite.start()
            ours = through_the_suite(suite, folder / "photos", options.photos)
            suite.stop()
        reference = cost_of(
            lambda: vips_reference.make_all(photos, folder / "reference", os.cpu_count() or 1)
        )
    count = options.photos
    print("| | photos/s | processor seconds a photo |")
    print("|---|---|---|")
    for label, cost in (("whole suite", ours), (f"{vips_reference.NAME} twice", reference)):
        print(f"| {label} | {count / cost.wall_s:.1f} | {cost.processor_s / count:.3f} |")
    print(
        f"| ratio | {reference.wall_s / ours.wall_s:.2f} "
        f"| {reference.processor_s / ours.processor_s:.2f} |"
    )
    return 0


def through_the_suite(suite: RunningSuite, photos: Path, count: int) -> Cost:
    """Drop the photos; what it costs until every flag is set."""
    processes = [psutil.Process(mark.pid) for mark in suite.marks().values()]
    worked_s = processor_s(_with_children(processes))
    shutil.copytree(photos, suite.data / "Photos_Inbox" / "DCIM")
    released = time.monotonic() + release.QUIET_S
    with psycopg.connect(suite.state()["database_url"], autocommit=True) as connection:

        def is_done() -> bool:
            row = connection.execute(
                "select count(*) from media_assets where is_thumbnailed and is_backed_up"
                " and (is_geocoded or location is null)"
            ).fetchone()
            return row is not None and row[0] >= count

        until(is_done, within_s=LIMIT_S, what="every flag", every_s=0.1)
    wall_s = time.monotonic() - released
    return Cost(wall_s, processor_s(_with_children(processes)) - worked_s)


def _with_children(processes: list[psutil.Process]) -> list[psutil.Process]:
    return processes + [each for one in processes for each in one.children(recursive=True)]


if __name__ == "__main__":
    raise SystemExit(main())
