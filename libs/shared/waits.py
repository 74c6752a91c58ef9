"""Waiting for what is missing: with growing pauses, showing why, until the stop."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from shared import heartbeat
from shared.errors import DependencyError
from shared.process import Stop
from shared.stages import delivery

Result = TypeVar("Result")


class BackOff:
    """The growing pauses of one wait for a dependency; ends at once with the stop."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._tries = 0

    async def pause(self) -> bool:
        """Wait longer than the last time, at most 30 s; return whether to stop instead."""
        delay_s = delivery.wait_delay_s(self._tries, jitter=random.random())  # noqa: S311  jitter
        self._tries += 1
        return await self._stop.wait(delay_s)


class StoppedEarlyError(Exception):
    """The stop came before everything was there."""


async def until_usable(attempt: Callable[[], Result], pulse: heartbeat.Pulse, stop: Stop) -> Result:
    """Return what ``attempt`` returns in a thread, asking again while a dependency is missing."""
    back_off = BackOff(stop)
    while not stop.is_requested:
        pulse.beat()
        try:
            return await asyncio.to_thread(attempt)
        except DependencyError as error:
            pulse.waiting(str(error))
        await back_off.pause()
    raise StoppedEarlyError


async def again_after_waits(
    run: Callable[[heartbeat.Pulse], Awaitable[None]], pulse: heartbeat.Pulse, stop: Stop
) -> None:
    """Run until it returns or the stop is asked for; a DependencyError is waited for."""
    back_off = BackOff(stop)
    while True:
        try:
            await run(pulse)
        except DependencyError as error:
            if pulse.last.status == "OK":  # a success since the last wait
                back_off = BackOff(stop)
            pulse.waiting(str(error))
        else:
            return
        if await back_off.pause():
            return
