"""What a process owes to others: stop when asked, outlive no parent, never hang in silence."""

import asyncio
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent import futures

import structlog

SECOND_SIGNAL_EXIT_CODE = 1
STUCK_EXIT_CODE = 3

log = structlog.get_logger()


class Stop:
    """The wish to stop: set once from anywhere, awaited by loops, asked by threads."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._flag = threading.Event()

    @property
    def is_requested(self) -> bool:
        """Return whether somebody asked to stop; safe in every thread."""
        return self._flag.is_set()

    def request(self, reason: str) -> None:
        """Ask everybody to stop; safe in every thread, a second time changes nothing."""
        if self._flag.is_set():
            return
        self._flag.set()
        log.info("service.stop_requested", reason=reason)
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout_s: float | None = None) -> bool:
        """Return True as soon as the stop is asked for, False after ``timeout_s``."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        return True


def watch_parent(descriptor: int, on_end: Callable[[str], None]) -> None:
    """Call ``on_end`` when the other end of the pipe is closed: the parent stopped or died."""

    def watch() -> None:
        while os.read(descriptor, 1):
            pass
        on_end("parent ended")

    threading.Thread(target=watch, name="parent", daemon=True).start()


def watch_progress(
    age_s: Callable[[], float], *, limit_s: float, ended: threading.Event, every_s: float = 5.0
) -> None:
    """End the process with all stacks on standard error when nothing progressed for ``limit_s``.

    A hanging loop cannot be healed in place; the supervisor starts the service again.
    """

    def watch() -> None:
        while not ended.wait(every_s):
            age = age_s()
            if age > limit_s:
                log.error("service.stuck", age_s=round(age), limit_s=limit_s)
                faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
                sys.stderr.flush()
                os._exit(STUCK_EXIT_CODE)

    threading.Thread(target=watch, name="watchdog", daemon=True).start()


def heed_signals(stop: Stop) -> None:
    """The first signal asks to stop, the second one ends the process at once."""

    def heed(number: int) -> None:
        if stop.is_requested:
            os._exit(SECOND_SIGNAL_EXIT_CODE)
        stop.request(signal.Signals(number).name)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, heed, number)


def ends_soon(executor: futures.Executor) -> bool:
    """Return whether no thread of ``executor`` is still at work."""
    ending = threading.Thread(
        target=lambda: executor.shutdown(cancel_futures=True), name="ending", daemon=True
    )
    ending.start()
    ending.join(1.0)
    return not ending.is_alive()
