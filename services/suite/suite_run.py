"""One run of the whole suite: from an unused folder to running services, and back."""

import contextlib
import dataclasses
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from shared.errors import DependencyError
from suite import (
    console,
    data_folder,
    log_files,
    network,
    process_identity,
    suite_state,
)
from suite.data_folder import DataFolder
from suite.inbox import Inbox
from suite.postgres import Cluster
from suite.process_identity import ProcessMark
from suite.service_process import Ended, Service, ServiceProcess, child_environment
from suite.suite_state import SuiteState
from suite.supervisor import Supervisor

SERVICES = tuple(
    Service(name, f"{name}.main")
    for name in ("dashboard", "librarian", "thumbnailer", "geocoder", "backup")
)
RELAY = Service("relay", "shared.transport.relay_main")


class StopRequested(BaseException):
    """SIGINT or SIGTERM: whatever is going on ends, and everything that was started with it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What ``up`` was asked for."""

    folder: DataFolder
    port: int
    inboxes: tuple[Inbox, ...]
    kafka: str | None
    zone: str | None
    """The household's zone if it was named."""


def run(wish: Wish) -> int:
    """Run the suite until SIGINT or SIGTERM; return the exit code.

    Raises UserError if it cannot start.
    """
    begun_s = time.monotonic()
    folder = wish.folder
    with ExitStack() as stack:
        stack.enter_context(_stopping_by_signal())
        stack.enter_context(data_folder.claim(folder, "up"))
        data_folder.refuse_without_database(folder)
        _end_leftovers(folder)
        address = f"http://{network.LOOPBACK}:{network.free_port(wish.port)}/"
        cluster = Cluster(folder.database, log_path=folder.logs / "database.log")
        stack.enter_context(cluster)
        settings = _settings(wish, cluster.url(), address)
        console.say(f"Photo Factory at {address}")
        code = _prepare(wish, settings)
        if code != 0:
            return code  # it has said why
        state = SuiteState(process_identity.own_mark(), cluster.url(), address, wish.kafka)
        stack.callback(suite_state.remove, folder)
        services = [
            ServiceProcess(service, settings, folder.logs / f"{service.name}.log")
            for service in (*SERVICES, *((RELAY,) if wish.kafka else ()))
        ]
        listener = Listener(folder, state)
        supervisor = stack.enter_context(Supervisor(cluster, services, listener, folder.logs))
        supervisor.watch(ReadyTeller(address, begun_s, wish.kafka).look)
    return 0


class Listener:
    """Writes down what runs, and says what ends."""

    def __init__(self, folder: DataFolder, state: SuiteState) -> None:
        self._folder = folder
        self._state = state

    def ended(self, ended: Ended, log_path: Path) -> None:
        """Say it; a crash loop is shown as the service's status, too."""
        console.service_ended(ended, log_path)
        if ended.decision.is_crash_loop:
            task = f"keeps ending: {log_files.last_line(log_path) or ended.how}"
            self._show(ended.service, task)

    def database_ended(self, message: str) -> None:
        """Say it."""
        console.say(message)

    def changed(self, processes: dict[str, ProcessMark]) -> None:
        """Write down the processes for other commands, and for the start after a kill."""
        suite_state.write(self._folder, dataclasses.replace(self._state, processes=processes))

    def _show(self, service: str, task: str) -> None:
        # imported when it is needed: SQLAlchemy is most of what a supervisor would weigh
        from sqlalchemy import exc

        from shared import heartbeat
        from shared.clock import SystemClock
        from shared.database import Database

        sign = heartbeat.Sign(service, "ERROR", task)
        with (
            contextlib.suppress(DependencyError, exc.SQLAlchemyError),  # it was said, at least
            Database(self._state.database_url, application_name="photofactory up") as database,
            database.transaction() as session,
        ):
            heartbeat.write(session, sign, now=SystemClock().now())


class ReadyTeller:
    """Says once that everything is ready; says that it takes long if it does."""

    PATIENCE_S = 30.0

    def __init__(self, address: str, begun_s: float, kafka: str | None) -> None:
        self._address = address
        self._begun_s = begun_s
        self._kafka = kafka
        self._is_done = False
        self._has_complained = False

    def look(self) -> bool:
        """Ask the dashboard, which is ready when every service is; never ends the watch."""
        if not self._is_done:
            elapsed_s = time.monotonic() - self._begun_s
            answer = network.answer(f"{self._address}readyz")
            if answer and answer[0] == 200:
                console.say(f"ready after {elapsed_s:.1f} s; Ctrl-C ends it")
                self._is_done = True
            elif elapsed_s > self.PATIENCE_S and not self._has_complained:
                self._complain(answer[1] if answer else b"{}")
        return False

    def _complain(self, answered: bytes) -> None:
        self._has_complained = True
        if self._kafka and not network.answers(self._kafka):
            console.say(f"no broker answers at {self._kafka}; photos are filed, the rest waits")
        else:
            why = missing(answered) or "still starting"
            console.say(f"not ready yet: {why}; ./photofactory status says more")


def missing(answered: bytes) -> str:
    """Return what services lack, as the dashboard's /readyz tells it; empty if it tells nothing."""
    try:
        told = json.loads(answered)["missing"]
        return "; ".join(f"{name}: {', '.join(troubles)}" for name, troubles in told.items())
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


def _end_leftovers(folder: DataFolder) -> None:
    """End what a killed run of this very folder left behind (PostgreSQL is left to its cluster)."""
    left = suite_state.read(folder)
    if left:
        marks = [mark for name, mark in left.processes.items() if name != "database"]
        process_identity.end_all(marks, grace_s=3.0)
        suite_state.remove(folder)


def _prepare(wish: Wish, settings: Mapping[str, str]) -> int:
    """Run the command migrate, which says what it did; return its exit code."""
    arguments = [f"--data={wish.folder.path}"]
    arguments += [f"--inbox={inbox.path}={inbox.mode}" for inbox in wish.inboxes]
    arguments += [f"--zone={wish.zone}"] if wish.zone else []
    command = [sys.executable, "-P", "-m", "suite", "migrate", *arguments]
    return subprocess.run(command, env=child_environment(settings), check=False).returncode


def _settings(wish: Wish, url: str, address: str) -> Mapping[str, str]:
    settings = {
        "DATABASE_URL": url,
        "RUN_FOLDER": str(wish.folder.run),
        "HEALTH_PORT": "0",
        "PORT": address.rstrip("/").rpartition(":")[2],
    }
    if wish.kafka:
        settings["KAFKA_BOOTSTRAP_SERVERS"] = wish.kafka
    return {f"PHOTOFACTORY_{name}": value for name, value in settings.items()}


@contextmanager
def _stopping_by_signal() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into StopRequested, once; the block swallows it."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        numbers.append(signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise StopRequested

    for number in numbers:
        signal.signal(number, stop)
    try:
        yield
    except StopRequested:
        return
