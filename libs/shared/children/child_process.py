"""The service's side of one decoding child: start it, ask it under a deadline, end it for good."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from shared import errors
from shared.children import child_messages

_LOOK_S = 0.25  # between two looks at deadline and memory while a child works
_FAREWELL_S = 5.0  # for a child that was told to end; it is killed then
_ENVIRONMENT = {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH"}
_ENVIRONMENT_PREFIXES = ("LC_", "COVERAGE_", "VIPS_", "MALLOC_")


class ChildDied(errors.TransientError):
    """The child ended or had to be ended (memory) while it worked on this request."""


class ChildTimedOut(errors.TransientError):
    """The child did not answer in time and was ended."""


class ChildHindered(errors.TransientError):
    """The function met an error of the system (EIO ...), which says nothing about the file."""


class ChildRefused(errors.PermanentError):
    """The function refused this request; the message carries its reason."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one child may use; address space where the system enforces it, resident everywhere."""

    address_space_bytes: int = 2 * 2**30
    resident_bytes: int = 3 * 2**29
    file_size_bytes: int = 2**29
    calls_per_process: int = 500
    idle_s: float = 30.0
    start_timeout_s: float = 60.0


class ChildProcess:
    """One child. Used by one thread at a time, but ``end`` may come from any.

    Invariants: the process is reaped exactly once and its group killed before that, so no signal
    ever reaches a process that took over its number.
    """

    def __init__(self, function: str, limits: Limits) -> None:
        """Starts the child and waits until its function is imported.

        Raises DependencyError if it does not start: no file is to blame for that.
        """
        self.calls = 0
        self._limits = limits
        self._ending = threading.Lock()
        self._status: int | None = None
        self._channel, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = _start(function, theirs.fileno(), lifeline, limits)
        except OSError as error:
            self._close_ends()
            raise errors.DependencyError("child process", f"cannot start: {error}") from error
        finally:
            theirs.close()
            os.close(lifeline)
        self._wait_until_ready(function)

    @property
    def pid(self) -> int:
        """The process id, which is also its process group."""
        return self._process.pid

    def call(
        self, request: Mapping[str, object], fd: int | None, timeout_s: float
    ) -> dict[str, object]:
        """The function's reply to ``request``; after ChildDied and ChildTimedOut end the child."""
        if fd is not None and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY:
            raise ValueError(f"descriptor {fd} is not read-only: a decoder may not write to it")
        try:
            payload = child_messages.encode(request)
        except child_messages.NotAMessageError as error:
            raise ChildRefused(f"the request {error}") from error
        self.calls += 1
        answer = self._exchange(payload, fd, time.monotonic() + timeout_s)
        if "error" in answer:
            raise _error_of(answer["error"])
        reply = answer.get("reply")
        if not isinstance(reply, dict):
            raise ChildDied(f"child {self.pid} answered without a reply")
        return reply

    def is_silent(self) -> bool:
        """True if the idle child is alive and has said nothing unasked."""
        self._channel.settimeout(0)
        try:
            self._channel.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def end(self) -> None:
        """Lets an idle child leave, then makes sure that it and its children are gone."""
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)
            self._channel.settimeout(_FAREWELL_S)
            while self._channel.recv(2**16):
                pass
        self.kill()
        self._close_ends()

    def kill(self) -> int:
        """Kills the child's process group, reaps it and returns its exit status."""
        with self._ending:
            if self._status is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)
                self._status = self._process.wait()
            return self._status

    def _close_ends(self) -> None:
        self._channel.close()
        with self._ending:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1

    def _wait_until_ready(self, function: str) -> None:
        try:
            self._receive_message(time.monotonic() + self._limits.start_timeout_s)
        except errors.TransientError as error:
            self.end()
            raise errors.DependencyError(
                "child process", f"{function} does not start: {error}"
            ) from error

    def _exchange(self, payload: bytes, fd: int | None, deadline: float) -> dict[str, object]:
        try:
            self._channel.settimeout(max(deadline - time.monotonic(), 0.001))
            child_messages.send(self._channel, payload, fd)
        except TimeoutError as error:
            self.kill()
            raise ChildTimedOut(f"child {self.pid} took no request in time") from error
        except OSError as error:
            raise self._died() from error
        return self._receive_message(deadline)

    def _receive_message(self, deadline: float) -> dict[str, object]:
        try:
            header = self._receive(child_messages.LENGTH.size, deadline)
            return child_messages.decode(self._receive(child_messages.length_of(header), deadline))
        except child_messages.NotAMessageError as error:
            self.kill()
            raise ChildDied(f"child {self.pid} answered nonsense: {error}") from error

    def _receive(self, length: int, deadline: float) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            self._channel.settimeout(_LOOK_S)
            try:
                part = self._channel.recv(min(length - len(parts), 2**20))
            except TimeoutError:
                self._check(deadline)
                continue
            except OSError as error:
                raise self._died() from error
            if not part:
                raise self._died()
            parts += part
        return bytes(parts)

    def _check(self, deadline: float) -> None:
        if time.monotonic() >= deadline:
            self.kill()
            raise ChildTimedOut(f"child {self.pid} did not answer in time")
        resident = resident_bytes(self.pid)
        if resident > self._limits.resident_bytes:
            self.kill()
            raise ChildDied(f"child {self.pid} was ended: it used {resident} bytes of memory")

    def _died(self) -> ChildDied:
        status = self.kill()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return ChildDied(f"child {self.pid} ended while it worked ({how})")


def resident_bytes(pid: int) -> int:
    """The resident size of a process; 0 once it is gone."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _start(function: str, channel: int, lifeline: int, limits: Limits) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            # What a library warns of in foreign bytes is for no log, and for no terminal.
            *(sys.executable, "-P", "-Wignore", "-m", "shared.children.child_main", function),
            *(str(channel), str(lifeline)),
            *(str(limits.address_space_bytes), str(limits.file_size_bytes)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(channel, lifeline),
        process_group=0,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    """What a decoder of foreign bytes may know of ours: no passwords, but where the code is."""
    kept = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251  handed on, not read as a setting
        if name in _ENVIRONMENT or name.startswith(_ENVIRONMENT_PREFIXES)
    }
    paths = [os.path.abspath(path) for path in sys.path if path]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}


def _error_of(description: object) -> errors.PhotoFactoryError:
    if not isinstance(description, dict):
        return ChildDied("the child described its error in an unknown form")
    text = f"{description.get('type')}: {description.get('message')}"
    return ChildHindered(text) if description.get("transient") else ChildRefused(text)
