"""Keeps the database and the services running, and ends them all together."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self

from shared.errors import UserError
from suite import log_files, restart_policy
from suite.process_identity import ProcessMark, mark_of
from suite.service_process import Ended, ServiceProcess

PAUSE_S = 0.25
SERVICE_GRACE_S = 5.5
"""Services abandon after 5 s what would not end; it is done again after the next start."""
LOOK_AT_LOGS_EVERY_S = 30.0


class Server(Protocol):
    """The database server as the supervisor sees it."""

    @property
    def pid(self) -> int | None:
        """Its process, if it was started here."""

    def has_ended(self) -> bool:
        """Whether it is gone though it should run."""

    def restart(self) -> None:
        """Start it again at the same address."""


class Listener(Protocol):
    """Is told what happens."""

    def ended(self, ended: Ended, log_path: Path) -> None:
        """A service ended; it is started again after a pause."""

    def database_ended(self, message: str) -> None:
        """The database ended or could not be started again."""

    def changed(self, processes: dict[str, ProcessMark]) -> None:
        """Other processes run now."""


class Supervisor:
    """Children are told of our end by a pipe: they end when its other end, ours, is gone."""

    def __init__(
        self,
        server: Server,
        services: Sequence[ServiceProcess],
        listener: Listener,
        logs: Path,
    ) -> None:
        self._server = server
        self._services = services
        self._listener = listener
        self._logs = logs
        self._parent_fd, self._lifeline_fd = os.pipe()
        self._pids: dict[str, int | None] = {}
        self._server_failures = 0
        self._server_due_s = 0.0
        self._look_at_logs_s = 0.0

    def watch(self, until: Callable[[], bool]) -> None:
        """Start the services and keep them running until ``until()``."""
        while not until():
            self.tend()
            time.sleep(PAUSE_S)

    def tend(self) -> None:
        """Look once at every process and do what is due."""
        now_s = time.monotonic()
        self._tend_server(now_s)
        for service in self._services:
            ended = service.tend(now_s, self._parent_fd)
            if ended:
                self._listener.ended(ended, service.log_path)
        self._tell_changes()
        if now_s >= self._look_at_logs_s:
            log_files.rotate_all(self._logs)
            self._look_at_logs_s = now_s + LOOK_AT_LOGS_EVERY_S

    def stop(self) -> None:
        """End every service: asked first, killed after the grace period."""
        for service in self._services:
            service.ask_to_end()
        deadline_s = time.monotonic() + SERVICE_GRACE_S
        while any(service.is_running for service in self._services):
            if time.monotonic() > deadline_s:
                break
            time.sleep(0.02)
        for service in self._services:
            service.end()

    def __enter__(self) -> Self:
        """Return the supervisor itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and let go of the pipe."""
        self.stop()
        os.close(self._parent_fd)
        os.close(self._lifeline_fd)

    def _tend_server(self, now_s: float) -> None:
        if not self._server.has_ended() or now_s < self._server_due_s:
            return
        self._listener.database_ended("the database ended and is started again")
        try:
            self._server.restart()
        except UserError as error:  # such as a full disk: it may be freed
            decision = restart_policy.after_end(self._server_failures, ran_for_s=0)
            self._server_failures = decision.failures
            self._server_due_s = time.monotonic() + decision.delay_s
            self._listener.database_ended(f"{error}; next try in {decision.delay_s:g} s")
        else:
            self._server_failures = 0

    def _tell_changes(self) -> None:
        pids = {service.service.name: service.pid for service in self._services}
        pids["database"] = self._server.pid
        if pids == self._pids:
            return
        self._pids = pids
        marks = {name: mark_of(pid) for name, pid in pids.items() if pid}
        self._listener.changed({name: mark for name, mark in marks.items() if mark})
