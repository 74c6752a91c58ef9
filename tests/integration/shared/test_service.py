"""`service.run` as a process: start, readiness, signals, parent, failures."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import assets
import waiting
from shared import models
from shared.database import Database

TESTS = Path(__file__).parents[2]
LIMIT_S = 60.0

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(database_url: str, database: Database, tmp_path: Path) -> Iterator[Start]:
    """Starts the service under test; what still runs at the end is killed."""
    assets.add_many(database, 0)  # sets the ledger up
    started: list[subprocess.Popen[str]] = []

    def begin(
        manner: str = "", *, pass_fds: tuple[int, ...] = (), **values: str
    ) -> "subprocess.Popen[str]":
        own = {"PHOTOFACTORY_DATABASE_URL": database_url, "PHOTOFACTORY_RUN_FOLDER": str(tmp_path)}
        given = {f"PHOTOFACTORY_{name.upper()}": value for name, value in values.items()}
        inherited = dict(os.environ)  # noqa: TID251  the path of the imports is in it
        inherited["PYTHONPATH"] = f"{TESTS.parent / 'libs'}:{TESTS}"
        with (tmp_path / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, str(TESTS / "service_under_test.py")],
                env=inherited | own | given | {"SERVICE_MANNER": manner},
                pass_fds=pass_fds,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def says(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == f"{word}\n"


def ask(folder: Path, path: str) -> tuple[int, str]:
    port = int((folder / "tested.port").read_text())
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=LIMIT_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_first_signal_ends_it_in_order_with_code_0(start: Start, tmp_path: Path) -> None:
    process = start()
    says(process, "working")
    live, ready = ask(tmp_path, "/livez"), ask(tmp_path, "/readyz")
    numbers, unknown = ask(tmp_path, "/metrics"), ask(tmp_path, "/else")

    process.send_signal(signal.SIGTERM)

    says(process, "stopping")
    says(process, "closed 1")
    assert process.wait(LIMIT_S) == 0
    assert (live[0], ready[0], numbers[0], unknown[0]) == (200, 200, 200, 404)
    assert 'loop_beat_age_seconds{loop="work"}' in numbers[1]
    assert not (tmp_path / "tested.port").exists()


def test_it_beats_at_once(start: Start, database: Database) -> None:
    process = start()
    says(process, "working")

    def beats() -> list[models.SystemStatusHistory]:
        with database.read() as session:
            return list(session.scalars(sa.select(models.SystemStatusHistory)))

    (beat,) = waiting.until(beats)[:1]
    with database.read() as session:
        row = session.get_one(models.SystemStatus, "tested")
    assert (beat.service_name, beat.status) == ("tested", "OK")
    assert (row.interval_s, row.status) == (30, "OK")


def test_the_end_of_its_parent_ends_it(start: Start) -> None:
    ours, theirs = os.pipe()
    process = start(pass_fds=(ours,), parent_fd=str(ours))
    os.close(ours)
    says(process, "working")

    os.close(theirs)

    assert process.wait(LIMIT_S) == 0


def test_a_missing_dependency_is_waited_for_and_what_was_opened_is_closed(start: Start) -> None:
    process = start("waits")

    says(process, "closed 1")
    says(process, "working")
    process.send_signal(signal.SIGINT)
    says(process, "stopping")
    says(process, "closed 2")
    assert process.wait(LIMIT_S) == 0


def test_it_waits_for_its_database_and_says_so(start: Start, tmp_path: Path) -> None:
    process = start(database_url="postgresql://nobody@127.0.0.1:1/none", health_port="0")
    waiting.until((tmp_path / "tested.port").exists)

    waiting.until(lambda: "database" in ask(tmp_path, "/readyz")[1])

    assert ask(tmp_path, "/readyz")[0] == 503
    assert ask(tmp_path, "/livez")[0] == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT_S) == 0


def test_a_failed_loop_is_the_failure_of_the_service(start: Start, tmp_path: Path) -> None:
    assert start("fails").wait(LIMIT_S) == 1
    events = [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines()]
    assert "loop.failed" in events


def test_work_that_would_not_end_is_abandoned(start: Start) -> None:
    process = start("hangs")
    says(process, "working")

    process.send_signal(signal.SIGTERM)

    assert process.wait(LIMIT_S) == 0


def test_a_second_signal_ends_it_at_once(start: Start, tmp_path: Path) -> None:
    process = start("hangs")
    says(process, "working")
    process.send_signal(signal.SIGTERM)
    waiting.until(lambda: "service.stop_requested" in (tmp_path / "log").read_text())

    process.send_signal(signal.SIGTERM)

    assert process.wait(LIMIT_S) in {0, 1}  # 0: it was through before the second one came


def test_a_blocked_event_loop_ends_it_with_all_its_stacks(start: Start, tmp_path: Path) -> None:
    process = start("blocks", stuck_after_s="1")

    assert process.wait(LIMIT_S) == 3
    assert "service_under_test.py" in (tmp_path / "log").read_text()


def test_wrong_settings_are_named(start: Start, tmp_path: Path) -> None:
    assert start(heartbeat_interval_s="soon").wait(LIMIT_S) == 2
    assert "heartbeat_interval_s" in (tmp_path / "log").read_text()
