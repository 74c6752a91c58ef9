"""How much memory a process holds, as Linux tells (proc(5)); MiB."""

from pathlib import Path

import needs


def resident_mib(pid: int | str = "self") -> float:
    """Resident memory of a process."""
    return _status_mib(pid, "VmRSS")


def peak_mib(pid: int | str = "self") -> float:
    """The most resident memory that a process had since its start, or since `reset_peak`."""
    return _status_mib(pid, "VmHWM")


def reset_peak(pid: int | str = "self") -> None:
    """Begin to look for a new peak."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def need_to_know() -> None:
    """Skip the running test on a system that does not tell."""
    if not Path("/proc/self/status").exists():
        needs.absent("proc", "this system does not tell what memory a process holds")


def _status_mib(pid: int | str, field: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))
