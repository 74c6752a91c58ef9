"""Faults on request, for crash tests only.

Code that promises something about power cuts and full disks names its dangerous instants:
``faults.point("publish.linked")``. A point does nothing until ``arm`` was told of it, which a
program's ``main`` does with the setting PHOTOFACTORY_FAULT: ``NAME:ACTION[:NTH]``, several
separated by commas. ACTION is ``kill`` (SIGKILL to this process) or an error: ``enospc``, ``eio``,
``exdev``. NTH is the one hit that fails (1 = the first, the default; 0 = every hit).

A new point: call ``point`` with ``module.instant`` and name it in the test that uses it.
"""

import errno
import os
import signal
import threading
from dataclasses import dataclass

_ERRORS = {"enospc": errno.ENOSPC, "eio": errno.EIO, "exdev": errno.EXDEV}


@dataclass(slots=True)
class _Fault:
    action: str
    nth: int
    hits: int = 0


_armed: dict[str, _Fault] = {}
_lock = threading.Lock()


def arm(specification: str) -> None:
    """Replaces all faults by those of ``specification``; an empty text disarms."""
    armed = dict(_parse(part) for part in specification.split(",") if part)
    with _lock:
        _armed.clear()
        _armed.update(armed)


def point(name: str) -> None:
    """Does nothing, or kills this process, or raises OSError, as armed."""
    if not _armed:
        return
    with _lock:
        fault = _armed.get(name)
        if fault is None:
            return
        fault.hits += 1
        if fault.nth not in {0, fault.hits}:
            return
    if fault.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    number = _ERRORS[fault.action]
    raise OSError(number, f"{os.strerror(number)} (fault {name})")


def _parse(text: str) -> tuple[str, _Fault]:
    name, action, nth = [*text.split(":"), "1"][:3]
    if action not in {"kill", *_ERRORS}:
        raise ValueError(f"fault {text!r}: the action is kill, {', '.join(_ERRORS)}")
    return name, _Fault(action, int(nth))
