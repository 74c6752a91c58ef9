"""Which process is meant: a pid alone is not enough, because pids are used again."""

import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A pid and the start of the process that had it when the mark was made."""

    pid: int
    started: str


def mark_of(pid: int) -> ProcessMark | None:
    """Return the mark of a running process; None if there is none (a zombie has ended)."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return ProcessMark(pid, _started(process))
    except (psutil.Error, OSError):
        return None


def own_mark() -> ProcessMark:
    """Return the mark of this process."""
    return ProcessMark(os.getpid(), _started(psutil.Process()))


def is_alive(mark: ProcessMark) -> bool:
    """Return whether the very process of ``mark`` still runs."""
    return mark_of(mark.pid) == mark


def end_all(marks: Iterable[ProcessMark], *, grace_s: float) -> None:
    """End the marked processes that still run: SIGTERM, after ``grace_s`` seconds SIGKILL."""
    alive = _signal(marks, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while alive and time.monotonic() < deadline:
        time.sleep(0.02)
        alive = [mark for mark in alive if is_alive(mark)]
    _signal(alive, signal.SIGKILL)


def _signal(marks: Iterable[ProcessMark], number: signal.Signals) -> list[ProcessMark]:
    alive = [mark for mark in marks if is_alive(mark)]
    for mark in alive:
        try:
            os.kill(mark.pid, number)
        except ProcessLookupError:
            continue
    return alive


def _started(process: psutil.Process) -> str:
    """Return what no other process of this pid shares.

    On Linux the start is counted from boot: the wall clock, which create_time() is derived from,
    may be set while the process runs.
    """
    if sys.platform != "linux":
        return repr(process.create_time())
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    # fields after the name, which may hold anything, in parentheses: starttime is the 22nd of all
    fields = Path(f"/proc/{process.pid}/stat").read_bytes().rpartition(b")")[2].split()
    return f"{boot}:{fields[19].decode()}"
