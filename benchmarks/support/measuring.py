"""What a measurement costs: wall clock, processor time, memory."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

MIB = 2**20


@dataclass(frozen=True, slots=True, order=True)
class Cost:
    """Seconds of one run; `processor_s` counts this process and the children that have ended."""

    wall_s: float
    processor_s: float


def cost_of(work: Callable[[], object]) -> Cost:
    """Run `work` once; what it cost."""
    began_s, worked_s = time.perf_counter(), _own_processor_s()
    work()
    return Cost(time.perf_counter() - began_s, _own_processor_s() - worked_s)


def processor_s(processes: Iterable[psutil.Process]) -> float:
    """User and system time of these processes and of their ended children, in seconds."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def pss_mib(process: psutil.Process) -> float:
    """Memory of a process in MiB, its share of what it has in common with others included."""
    try:
        return float(process.memory_full_info().pss) / MIB
    except psutil.NoSuchProcess:
        return 0.0


def _own_processor_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
