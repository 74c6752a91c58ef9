"""The status as server-sent events: one reader of the database for every page that is open.

The stream holds `data:` with the status whenever it changed, and the event `trouble` while it can
not be read (https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from dashboard.status import Status
from shared import heartbeat, process
from shared.clock import Clock
from shared.errors import DependencyError

FASTEST_S: Final = 1.0
SHARE: Final = 10
"""A reading that takes long is followed by a pause of so many times its duration."""
UNWATCHED_S: Final = 30.0
"""Nobody looks, but the gauges are kept."""
STILL_HERE_S: Final = 15.0


class Live:
    """Keeps the present message as long as somebody looks."""

    def __init__(
        self, read: Callable[[], Awaitable[Status]], clock: Clock, stop: process.Stop
    ) -> None:
        self._read = read
        self._clock = clock
        self._stop = stop
        self._viewers = 0
        self._message = b""
        self._news: object = None
        self._version = 0
        self._changed = asyncio.Event()

    async def run(self, pulse: heartbeat.Pulse) -> None:
        """Read again and again until the stop."""
        while not self._stop.is_requested:
            begun_s = self._clock.monotonic()
            trouble = await self._look()
            if trouble:
                pulse.waiting(trouble)
            else:
                pulse.succeeded(f"Open in {self._viewers} windows" if self._viewers else "Serving")
            await self._pause(begun_s, self._clock.monotonic())
        self._tell()

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield what a new viewer is told, at once and with every change, until the stop."""
        self._viewers += 1
        try:
            yield b"retry: 2000\n\n"
            if self._viewers == 1:
                await self._look()
            seen = None
            while not self._stop.is_requested:
                changed = self._changed
                if self._version != seen:
                    seen = self._version
                    yield self._message
                elif not await _happened(changed):
                    yield b": still here\n\n"
        finally:
            self._viewers -= 1

    async def _look(self) -> str | None:
        """Read; tell the viewers if something is new; return what prevents it, if anything."""
        try:
            status = await self._read()
        except DependencyError as error:
            self._keep(message("trouble", json.dumps({"detail": str(error)})), str(error))
            return str(error)
        self._keep(message("status", status.model_dump_json()), news_of(status))
        return None

    def _keep(self, text: bytes, news: object) -> None:
        self._message = text
        if news != self._news:
            self._news = news
            self._version += 1
            self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _pause(self, begun_s: float, now_s: float) -> None:
        watched_s = max(FASTEST_S, SHARE * (now_s - begun_s))
        while not await self._stop.wait(FASTEST_S):
            waited_s = self._clock.monotonic() - now_s
            if waited_s >= (watched_s if self._viewers else UNWATCHED_S):
                return


def news_of(status: Status) -> dict[str, Any]:
    """Return what makes a status another one; ages and free bytes travel with other news."""
    news = status.model_dump(exclude={"read_at"})
    for service in news["services"]:
        del service["heartbeat_age_s"]
    for root in news["roots"]:
        del root["free_bytes"]
    return news


def message(event: str, text: str) -> bytes:
    """Return one message of a stream; ``text`` is of one line."""
    return f"event: {event}\ndata: {text}\n\n".encode()


async def _happened(changed: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(STILL_HERE_S):
            await changed.wait()
    except TimeoutError:
        return False
    return True
