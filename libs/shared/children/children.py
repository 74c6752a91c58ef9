"""A pool of child processes in which foreign bytes are decoded.

One bad file ends one child, never a service (guarantee G9). Children start on demand, are replaced
after a number of calls, end when idle, and end when their service does.
"""

import threading
import time
from collections.abc import Mapping

from shared import errors
from shared.children.child_process import (
    ChildDied,
    ChildHindered,
    ChildProcess,
    ChildRefused,
    ChildTimedOut,
    Limits,
)

__all__ = [
    "ChildDied",
    "ChildHindered",
    "ChildRefused",
    "ChildTimedOut",
    "Children",
    "Limits",
]


class Children:
    """At most ``processes`` children that run one function; thread-safe.

    Invariants: a child is either idle (in ``_idle``) or lent to exactly one caller (in ``_busy``);
    while one is idle, a timer is set that ends it.
    """

    def __init__(self, function: str, *, processes: int, limits: Limits | None = None) -> None:
        """A pool for ``function`` ("module:name", see child_main); starts nothing yet."""
        self._function = function
        self._limits = limits or Limits()
        self._slots = threading.BoundedSemaphore(processes)
        self._lock = threading.Lock()
        self._idle: list[tuple[float, ChildProcess]] = []
        self._busy: set[ChildProcess] = set()
        self._timer: threading.Timer | None = None
        self._is_closed = False

    def call(
        self, request: Mapping[str, object], *, fd: int | None = None, timeout_s: float = 60.0
    ) -> dict[str, object]:
        """The function's reply; blocks while all children are busy.

        ``fd`` is an open read-only file; it stays the caller's, the child sees it from offset 0
        (the offset is shared and moves). ``timeout_s`` counts from the sending of the request.

        A child that dies may have been damaged by an earlier file, or have died before it took
        this request: only a fresh child's death counts, so the request is repeated in one.

        Raises ChildDied, ChildTimedOut, ChildHindered (transient), ChildRefused (permanent) and
        DependencyError if no child can be started.
        """
        with self._slots:
            child = self._take_idle() or self._start()
            is_fresh = child.calls == 0
            while True:
                try:
                    return self._ask(child, request, fd, timeout_s)
                except ChildDied:
                    if is_fresh and not self._is_closed:
                        raise
                child, is_fresh = self._start(), True

    def close(self) -> None:
        """Ends all children; callers that wait get DependencyError: no attempt counts."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        for child in busy:
            child.kill()
        for _, child in idle:
            child.end()
        if timer is not None:
            timer.join()

    def pids(self) -> list[int]:
        """The process ids of the children that run now."""
        with self._lock:
            return [child.pid for child in [*self._busy, *(child for _, child in self._idle)]]

    def _ask(
        self, child: ChildProcess, request: Mapping[str, object], fd: int | None, timeout_s: float
    ) -> dict[str, object]:
        is_reusable = False
        try:
            reply = child.call(request, fd, timeout_s)
            is_reusable = True
        except (ChildHindered, ChildRefused):
            is_reusable = True
            raise
        finally:
            self._give_back(child, is_reusable=is_reusable)
        return reply

    def _take_idle(self) -> ChildProcess | None:
        while (child := self._pop_idle()) is not None:
            if child.is_silent():
                return child
            self._discard(child)
        return None

    def _start(self) -> ChildProcess:
        with self._lock:
            self._refuse_if_closed()
        child = ChildProcess(self._function, self._limits)
        with self._lock:
            self._busy.add(child)
        try:
            with self._lock:
                self._refuse_if_closed()
        except errors.DependencyError:
            self._discard(child)
            raise
        return child

    def _pop_idle(self) -> ChildProcess | None:
        with self._lock:
            self._refuse_if_closed()
            if not self._idle:
                return None
            _, child = self._idle.pop()
            self._busy.add(child)
            return child

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise errors.DependencyError("child process", "the pool is closed")

    def _give_back(self, child: ChildProcess, *, is_reusable: bool) -> None:
        if is_reusable and child.calls < self._limits.calls_per_process:
            with self._lock:
                if not self._is_closed:
                    self._busy.discard(child)
                    self._idle.append((time.monotonic(), child))
                    self._set_timer()
                    return
        self._discard(child)

    def _discard(self, child: ChildProcess) -> None:
        child.end()
        with self._lock:
            self._busy.discard(child)

    def _set_timer(self) -> None:
        """Sets the one timer for the child that is idle longest; the caller holds the lock."""
        if self._timer is not None or not self._idle:
            return
        wait_s = self._idle[0][0] + self._limits.idle_s - time.monotonic()
        self._timer = threading.Timer(max(wait_s, 0.0), self._end_idle)
        self._timer.daemon = True
        self._timer.start()

    def _end_idle(self) -> None:
        oldest_kept = time.monotonic() - self._limits.idle_s
        with self._lock:
            if self._is_closed:
                return
            ended = [child for since, child in self._idle if since <= oldest_kept]
            self._idle = [(since, child) for since, child in self._idle if since > oldest_kept]
            self._timer = None
            self._set_timer()
        for child in ended:
            child.end()
