"""A process is known by its pid and its start, never by its pid alone."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from suite import process_identity
from suite.process_identity import ProcessMark

IGNORES_TERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print(flush=True); time.sleep(600)"
)


@pytest.fixture
def process() -> "Iterator[subprocess.Popen[bytes]]":
    command = [sys.executable, "-c", IGNORES_TERM]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as started:
        assert started.stdout
        started.stdout.readline()
        yield started
        started.kill()


def test_a_running_process_is_recognised() -> None:
    mark = process_identity.mark_of(os.getpid())

    assert mark
    assert process_identity.is_alive(mark)


def test_another_start_is_another_process() -> None:
    assert not process_identity.is_alive(ProcessMark(os.getpid(), "earlier"))


def test_a_zombie_has_ended(process: "subprocess.Popen[bytes]") -> None:
    mark = process_identity.mark_of(process.pid)
    assert mark

    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert not process_identity.is_alive(mark)


def test_a_stubborn_process_is_killed(process: "subprocess.Popen[bytes]") -> None:
    mark = process_identity.mark_of(process.pid)
    assert mark

    process_identity.end_all([mark], grace_s=0)

    assert process.wait(60) == -9


def test_a_stranger_is_never_signalled(process: "subprocess.Popen[bytes]") -> None:
    process_identity.end_all([ProcessMark(process.pid, "earlier")], grace_s=0)

    assert process.poll() is None
