"""Killed in any part and at any moment, the suite goes on: nothing lost, nothing twice."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import books
import photos
from running_suite import LIMIT_S, RunningSuite, photofactory, send
from waiting import until

FILED = "select count(*) from media_assets"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSuite]:
    """One data folder for all tests of this module; its suite runs when a test begins."""
    with RunningSuite(tmp_path_factory.mktemp("kills") / "data") as running:
        yield running.start()


def make_photos(folder: Path, numbers: range) -> list[str]:
    """The digests of new photos in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        taken = f"20{10 + number % 10}:{1 + number % 12:02}:01 12:00:{number % 60:02}"
        position = (48.1, 11.5) if number % 3 == 0 else None
        photos.jpeg(folder / f"IMG_{number:04}.jpg", seed=number, taken=taken, gps=position)
    return list(books.digests(folder))


def wait_until_filed(suite: RunningSuite, count: int) -> None:
    until(lambda: books.number(suite, FILED) >= count, within_s=LIMIT_S, what=f"{count} filed")


def finish(suite: RunningSuite) -> None:
    """Wait until nothing is left to do, and check all of it."""
    inbox = suite.data / "Photos_Inbox"
    until(lambda: books.unanswered(suite, inbox) == [], within_s=LIMIT_S, what="inbox empty")
    until(lambda: books.unfinished(suite) == [], within_s=LIMIT_S, what="all done")
    books.audit(suite)


def filed_by(suite: RunningSuite, job_id: str) -> dict[str, int]:
    counted = books.rows(
        suite,
        "select coalesce(outcome, 'open') as outcome, count(*) from job_files"
        " where job_id = %s group by 1",
        job_id,
    )
    return {row["outcome"]: row["count"] for row in counted}


def test_killed_as_a_whole_in_mid_ingest_it_loses_nothing_and_files_nothing_twice(
    suite: RunningSuite, tmp_path: Path
) -> None:
    wanted = make_photos(tmp_path / "album", range(200))
    asked = photofactory("ingest", "--data", str(suite.data), "--no-wait", str(tmp_path / "album"))
    job_id = asked.stdout.removeprefix("job ").strip()
    wanted += make_photos(suite.data / "Photos_Inbox/from/phone", range(200, 300))

    for filed in (10, 150):
        wait_until_filed(suite, filed)
        suite.kill_everything()
        suite.start()

    finish(suite)
    assert filed_by(suite, job_id) == {"filed": 200}
    assert sorted(books.digests(suite.data / "Storage/Originals").elements()) == sorted(wanted)
    assert not (suite.data / "Photos_Inbox/from").exists()


def test_services_killed_at_work_finish_it_after_their_restart(suite: RunningSuite) -> None:
    filed = books.number(suite, FILED)
    make_photos(suite.data / "Photos_Inbox", range(300, 400))

    wait_until_filed(suite, filed + 5)
    for name in ("librarian", "thumbnailer", "geocoder", "backup"):
        send(suite.marks()[name], signal.SIGKILL)

    finish(suite)
    assert books.number(suite, FILED) == filed + 100


def test_photos_wait_while_the_database_cannot_run(suite: RunningSuite) -> None:
    filed = books.number(suite, FILED)
    make_photos(suite.data / "Photos_Inbox", range(400, 430))
    wait_until_filed(suite, filed + 1)
    cluster = suite.data / "database/pgdata"
    hidden = cluster.with_name("hidden")

    cluster.rename(hidden)
    send(suite.marks()["database"], signal.SIGKILL)
    until(lambda: "next try in" in suite.said(), within_s=LIMIT_S)
    make_photos(suite.data / "Photos_Inbox", range(430, 460))
    hidden.rename(cluster)

    until(lambda: books.number(suite, FILED) == filed + 60, within_s=LIMIT_S)
    finish(suite)
