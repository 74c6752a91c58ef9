"""One service as a child process: started, watched, started again, ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from suite import checkout, restart_policy

ENVIRONMENT = {
    "PYTHONENVIRONMENT": "1",
    "PYTHONPATH": os.pathsep.join(str(checkout.ROOT / name) for name in ("services", "libs")),
    "MALLOC_ARENA_MAX": "2",  # threads that mostly wait need no heap each
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class Service:
    """What to run: ``python -m MODULE``, known as ``name``."""

    name: str
    module: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A service ended by itself."""

    service: str
    how: str
    decision: restart_policy.Decision


class ServiceProcess:
    """A service and its present process, if it has one.

    The process leads a session of its own: Ctrl-C reaches the supervisor alone, and what the
    service started (decoding children) can be ended with it.
    """

    def __init__(self, service: Service, settings: Mapping[str, str], log_path: Path) -> None:
        self.service = service
        self.log_path = log_path
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._started_at_s = 0.0
        self._due_s = 0.0
        """When to start (again), by the monotonic clock."""

    def tend(self, now_s: float, parent_fd: int) -> Ended | None:
        """Start the service if it is due; return how it ended if it just did."""
        if self._process is None:
            if now_s >= self._due_s:
                self._start(now_s, parent_fd)
            return None
        code = self._process.poll()
        if code is None:
            return None
        decision = restart_policy.after_end(self._failures, now_s - self._started_at_s)
        self._process = None
        self._failures = decision.failures
        self._due_s = now_s + decision.delay_s
        return Ended(self.service.name, _how(code), decision)

    @property
    def pid(self) -> int | None:
        """The present process, if there is one."""
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether a process is there (it may not be ready)."""
        return self._process is not None and self._process.poll() is None

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self._process:
            self._process.terminate()

    def end(self) -> None:
        """Kill whatever is left of the service and its children, and wait for its end."""
        if self._process:
            if self._process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _start(self, now_s: float, parent_fd: int) -> None:
        environment = child_environment(self._settings)
        environment["PHOTOFACTORY_PARENT_FD"] = str(parent_fd)
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", self.service.module],
                env=environment,
                cwd=checkout.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[parent_fd],
                start_new_session=True,
            )
        self._started_at_s = now_s


def child_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a program of ours: that of this process, and ``settings``."""
    return {**os.environ, **ENVIRONMENT, **settings}  # noqa: TID251  it is handed on


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
