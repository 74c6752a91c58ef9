"""The whole suite as a person runs it: `up` in a folder of its own, driven from outside."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil

from suite import checkout, process_identity
from suite.process_identity import ProcessMark
from waiting import until

LIMIT_S = 120.0
"""For a machine under heavy load; an idle one needs a few seconds."""


def photofactory(*arguments: str, timeout_s: float = LIMIT_S) -> subprocess.CompletedProcess[str]:
    """What one command answered."""
    return subprocess.run(
        _command(*arguments),
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


class RunningSuite:
    """`up` on one data folder, from its start to its end; may be started again.

    Whatever a test leaves running is killed at the end of the block.
    """

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self.output = data.with_name(f"{data.name}-output.txt")
        self._arguments = ("up", "--data", str(data), "--port", "0", *arguments)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, and wait until every service is ready."""
        self.begin()
        until(self._is_ready, within_s=LIMIT_S, what="ready")
        return self

    def begin(self) -> None:
        """Start it, and wait for nothing."""
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                _command(*self._arguments), env=_environment(), stdout=output, stderr=output
            )

    def stop(self) -> int:
        """End it as `kill` and Ctrl-C do; the exit code."""
        assert self._process
        self._process.terminate()
        return self._process.wait(LIMIT_S)

    def kill_supervisor(self) -> None:
        """End the supervisor alone, without a chance to tidy up."""
        assert self._process
        self._process.kill()
        self._process.wait(LIMIT_S)

    def kill_everything(self) -> None:
        """End every process of the suite at once, as a power cut does."""
        assert self._process
        for process in [psutil.Process(self._process.pid), *self.processes()]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(LIMIT_S)

    def processes(self) -> list[psutil.Process]:
        """Every process below the supervisor."""
        assert self._process
        return psutil.Process(self._process.pid).children(recursive=True)

    def marks(self) -> dict[str, ProcessMark]:
        """The services and the database as the suite tells them."""
        return {name: ProcessMark(**mark) for name, mark in self.state()["processes"].items()}

    def state(self) -> dict[str, Any]:
        """What `run/suite.json` says."""
        held: dict[str, Any] = json.loads((self.data / "run/suite.json").read_text())
        return held

    @property
    def address(self) -> str:
        """The dashboard's."""
        return str(self.state()["dashboard_url"])

    def said(self) -> str:
        """Everything that `up` printed since its last start."""
        return self.output.read_text()

    def __enter__(self) -> Self:
        """The suite, not started."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing running."""
        if self._process is None:
            return
        with suppress(FileNotFoundError):
            left = self.marks()
            if self._process.poll() is None:
                self.kill_everything()
            process_identity.end_all(left.values(), grace_s=0)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(LIMIT_S)
        with suppress(FileNotFoundError):
            shutil.rmtree((self.data / "database/socket-folder").read_text())

    def _is_ready(self) -> bool:
        assert self._process
        assert self._process.poll() is None, f"it ended: {self.said()}"
        return "ready after" in self.said()


def send(mark: ProcessMark, number: signal.Signals) -> None:
    """Signal the marked process, which has to be there."""
    assert process_identity.is_alive(mark)
    os.kill(mark.pid, number)


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "suite", *arguments]


def _environment() -> dict[str, str]:
    """The environment of the wrapper: nothing of the one who runs the tests."""
    given = os.environ  # noqa: TID251  it is handed on
    kept = {name: value for name, value in given.items() if not name.startswith("PHOTOFACTORY_")}
    parts = (str(checkout.ROOT / part) for part in ("services", "libs"))
    return {**kept, "PYTHONPATH": os.pathsep.join(parts)}
