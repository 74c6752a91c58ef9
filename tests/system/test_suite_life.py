"""The suite starts, refuses what it cannot do, survives every kill, and leaves nothing behind."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from running_suite import LIMIT_S, RunningSuite, photofactory, send
from suite import process_identity
from waiting import until

SERVICES = {"dashboard", "librarian", "thumbnailer", "geocoder", "backup"}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSuite]:
    """One running suite for all tests that leave it running."""
    with RunningSuite(tmp_path_factory.mktemp("suite") / "data") as running:
        yield running.start()


def test_every_service_runs_and_up_tells_where_things_are(suite: RunningSuite) -> None:
    assert set(suite.marks()) == {*SERVICES, "database"}
    for part in (suite.address, f"{suite.data}/Photos_Inbox  (move", "same disk"):
        assert part in suite.said()


def test_a_second_up_on_the_same_folder_is_refused(suite: RunningSuite) -> None:
    refused = photofactory("up", "--data", str(suite.data), "--port", "0")

    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "is in use by photofactory up" in refused.stderr


def test_a_busy_port_is_refused(suite: RunningSuite, tmp_path: Path) -> None:
    port = suite.address.rstrip("/").rpartition(":")[2]

    refused = photofactory("up", "--data", str(tmp_path / "other"), "--port", port)

    assert refused.returncode == 2
    assert refused.stderr.splitlines() == [
        f"photofactory: port {port} is in use by another program. "
        "Choose another with --port N, or any with --port 0"
    ]


def test_the_doctor_finds_nothing_bad(suite: RunningSuite) -> None:
    examined = photofactory("doctor", "--data", str(suite.data))

    assert "BAD" not in examined.stdout
    assert f"in use by up (process {suite.state()['supervisor']['pid']})" in examined.stdout


def test_a_killed_service_is_started_again(suite: RunningSuite) -> None:
    killed = suite.marks()["geocoder"]

    send(killed, signal.SIGKILL)

    until(lambda: suite.marks().get("geocoder", killed) != killed, within_s=LIMIT_S)
    assert "geocoder was ended by SIGKILL" in suite.said()


def test_a_killed_database_is_started_again(suite: RunningSuite) -> None:
    killed = suite.marks()["database"]

    send(killed, signal.SIGKILL)

    until(lambda: suite.marks().get("database", killed) != killed, within_s=LIMIT_S)
    # the services wait for it and do not end
    doctor = until(lambda: photofactory("doctor", "--data", str(suite.data)), within_s=LIMIT_S)
    assert "does not answer" not in doctor.stdout


def test_it_survives_every_kill_and_stops_without_a_trace(tmp_path: Path) -> None:
    with RunningSuite(tmp_path / "data") as suite:
        suite.start()
        left = suite.marks()
        suite.kill_supervisor()
        # the services notice that their parent is gone
        services = [mark for name, mark in left.items() if name != "database"]
        until(lambda: not any(map(process_identity.is_alive, services)), within_s=LIMIT_S)

        suite.start()
        assert not process_identity.is_alive(left["database"])
        suite.kill_everything()

        suite.start()
        processes = suite.processes()
        assert suite.stop() == 0

        assert [process for process in processes if process.is_running()] == []
        assert not (suite.data / "run/suite.json").exists()
