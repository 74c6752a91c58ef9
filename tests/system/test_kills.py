"""Killed in any part and at any moment, the suite goes on: nothing lost, nothing twice."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import albums
import books
from running_suite import LIMIT_S, RunningSuite, photofactory, send
from waiting import until


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSuite]:
    """One data folder for all tests of this module; its suite runs when a test begins."""
    with RunningSuite(tmp_path_factory.mktemp("kills") / "data") as running:
        yield running.start()


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
    wanted = albums.make(tmp_path / "album", range(200))
    asked = photofactory("ingest", "--data", str(suite.data), "--no-wait", str(tmp_path / "album"))
    job_id = asked.stdout.removeprefix("job ").strip()
    wanted += albums.make(suite.data / "Photos_Inbox/from/phone", range(200, 300))

    for filed in (10, 150):
        albums.wait_until_filed(suite, filed)
        suite.kill_everything()
        suite.start()

    albums.finish(suite)
    assert filed_by(suite, job_id) == {"filed": 200}
    assert sorted(books.digests(suite.data / "Storage/Originals").elements()) == sorted(wanted)


def test_services_killed_at_work_finish_it_after_their_restart(suite: RunningSuite) -> None:
    filed = albums.filed(suite)
    albums.make(suite.data / "Photos_Inbox", range(300, 400))

    albums.wait_until_filed(suite, filed + 5)
    for name in ("librarian", "thumbnailer", "geocoder", "backup"):
        send(suite.marks()[name], signal.SIGKILL)

    albums.finish(suite)
    assert albums.filed(suite) == filed + 100


def test_photos_wait_while_the_database_cannot_run(suite: RunningSuite) -> None:
    filed = albums.filed(suite)
    albums.make(suite.data / "Photos_Inbox", range(400, 430))
    albums.wait_until_filed(suite, filed + 1)
    cluster = suite.data / "database/pgdata"
    hidden = cluster.with_name("hidden")

    cluster.rename(hidden)
    send(suite.marks()["database"], signal.SIGKILL)
    until(lambda: "next try in" in suite.said(), within_s=LIMIT_S)
    albums.make(suite.data / "Photos_Inbox", range(430, 460))
    hidden.rename(cluster)

    until(lambda: albums.filed(suite) == filed + 60, within_s=LIMIT_S)
    albums.finish(suite)
