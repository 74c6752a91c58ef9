"""What the children of the tests run (see shared.children.child_main)."""

import os
import resource
import signal
import subprocess
import threading

Request = dict[str, object]
_damage: list[str] = []


def answer(request: Request, fd: int | None) -> Request:
    """Does what ``request["do"]`` names."""
    if _damage:
        os.kill(os.getpid(), signal.SIGSEGV)
    actions = {
        "echo": lambda: dict(request),
        "pid": lambda: {"pid": os.getpid()},
        "read": lambda: {"text": os.read(fd or 0, 100).decode()},
        "refuse": lambda: _refuse(str(request["reason"])),
        "io-error": lambda: _fail_to_read(int(str(request["errno"]))),
        "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        "crash-at-next-call": _leave_damage,
        "hang": lambda: threading.Event().wait(),
        "hold-memory": lambda: _hold_memory(int(str(request["bytes"]))),
        "write": lambda: _write(str(request["path"]), int(str(request["bytes"]))),
        "limits": lambda: {"address_space": resource.getrlimit(resource.RLIMIT_AS)[0]},
        "environment": lambda: {"names": sorted(os.environ)},  # noqa: TID251  is the subject
        "grandchild": _leave_grandchild,
        "not-json": lambda: {"value": object()},
    }
    reply: Request = actions[str(request["do"])]()  # type: ignore[no-untyped-call, assignment]
    return reply


def die(request: Request, fd: int | None) -> Request:
    """Dies over every file."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return request


def _leave_damage() -> Request:
    _damage.append("by an earlier file")
    return {}


def _refuse(reason: str) -> None:
    raise ValueError(reason)


def _fail_to_read(number: int) -> None:
    raise OSError(number, os.strerror(number))


def _hold_memory(size_bytes: int) -> None:
    held = bytearray(size_bytes)
    held[::4096] = b"x" * len(held[::4096])
    threading.Event().wait()


def _write(path: str, size_bytes: int) -> Request:
    with open(path, "wb") as file:
        file.write(b"x" * size_bytes)
    return {}


def _leave_grandchild() -> None:
    process = subprocess.Popen(["sleep", "600"])
    raise ValueError(str(process.pid))
