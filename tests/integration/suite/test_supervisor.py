"""Services are kept running, and end with the supervisor, whatever they do."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.errors import UserError
from suite import process_identity, restart_policy, supervisor
from suite.process_identity import ProcessMark
from suite.service_process import Ended, Service, ServiceProcess
from suite.supervisor import Supervisor
from waiting import until

TESTS = Path(__file__).parents[2]


class FakeServer:
    """A database server that ends when told to."""

    pid = None

    def __init__(self) -> None:
        self.is_gone = False
        self.is_broken = False
        self.restarts = 0

    def has_ended(self) -> bool:
        return self.is_gone

    def restart(self) -> None:
        if self.is_broken:
            raise UserError("the disk is full")
        self.is_gone = False
        self.restarts += 1


class Recorder:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.ends: list[Ended] = []
        self.database: list[str] = []
        self.processes: dict[str, ProcessMark] = {}

    def ended(self, ended: Ended, log_path: Path) -> None:
        self.ends.append(ended)

    def database_ended(self, message: str) -> None:
        self.database.append(message)

    def changed(self, processes: dict[str, ProcessMark]) -> None:
        self.processes = processes


class Running:
    """A supervisor of small services, with what it told."""

    def __init__(self, folder: Path, *manners: str) -> None:
        self.server = FakeServer()
        self.told = Recorder()
        self.services = [
            ServiceProcess(
                Service(f"service{number}", "small_service"),
                {"SMALL_SERVICE": manner, "PYTHONPATH": str(TESTS)},
                folder / f"service{number}.log",
            )
            for number, manner in enumerate(manners)
        ]
        self.supervisor = Supervisor(self.server, self.services, self.told, folder)

    def tend(self) -> None:
        self.supervisor.tend()

    def tend_until(self, condition: Callable[[], bool]) -> None:
        def is_met() -> bool:
            self.tend()
            return condition()

        until(is_met)


@contextmanager
def running(folder: Path, *manners: str) -> Iterator[Running]:
    run = Running(folder, *manners)
    with run.supervisor:
        run.tend()
        yield run


def test_every_service_runs_and_its_process_is_told(tmp_path: Path) -> None:
    with running(tmp_path, "lives", "lives") as run:
        assert set(run.told.processes) == {"service0", "service1"}
        assert all(process_identity.is_alive(mark) for mark in run.told.processes.values())


def test_a_killed_service_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart_policy, "FIRST_DELAY_S", 0)
    with running(tmp_path, "lives") as run:
        first = run.told.processes["service0"]
        os.kill(first.pid, signal.SIGKILL)

        run.tend_until(lambda: run.told.processes.get("service0", first) != first)

        assert run.told.ends[0].how == "was ended by SIGKILL"


def test_a_service_that_keeps_ending_is_named_a_crash_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restart_policy, "FIRST_DELAY_S", 0)
    with running(tmp_path, "fails", "lives") as run:
        run.tend_until(lambda: len(run.told.ends) >= 4)

        assert [end.decision.is_crash_loop for end in run.told.ends[:4]] == [False] * 3 + [True]
        assert "cannot do anything" in (tmp_path / "service0.log").read_text()
        assert run.services[1].is_running


def test_stopping_leaves_no_process(tmp_path: Path) -> None:
    with running(tmp_path, "lives", "lives") as run:
        marks = list(run.told.processes.values())

    assert not any(process_identity.is_alive(mark) for mark in marks)


def test_a_stubborn_service_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "SERVICE_GRACE_S", 0)
    with running(tmp_path, "stubborn") as run:
        mark = run.told.processes["service0"]
        log = tmp_path / "service0.log"
        child = process_identity.mark_of(int(until(log.read_text)))
        assert child

    assert not process_identity.is_alive(mark)
    until(lambda: not process_identity.is_alive(child))


def test_an_ended_database_is_started_again(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        run.server.is_gone = True
        run.tend()

        assert run.server.restarts == 1


def test_a_database_that_cannot_start_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restart_policy, "FIRST_DELAY_S", 0)
    with running(tmp_path) as run:
        run.server.is_gone = run.server.is_broken = True
        run.tend()
        assert "the disk is full" in run.told.database[-1]

        run.server.is_broken = False
        run.tend()

        assert run.server.restarts == 1
