"""A small service for tests of `service.run`, started as a process: SERVICE_MANNER says how.

It writes the names of its steps to standard output, one a line.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Sequence

from shared import heartbeat, service, settings
from shared.errors import DependencyError

MANNER = os.environ.get("SERVICE_MANNER", "")  # noqa: TID251  what the test wants
attempts = 0


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def build(context: service.Context[settings.Settings]) -> Sequence[service.Loop]:
    global attempts  # noqa: PLW0603  the process is the test
    attempts += 1
    context.resources.callback(say, f"closed {attempts}")
    if MANNER == "waits" and attempts == 1:
        raise DependencyError("root", "no marker")

    async def work(pulse: heartbeat.Pulse) -> None:
        pulse.succeeded("Working")
        say("working")
        if MANNER == "fails":
            raise RuntimeError("a bug")
        if MANNER == "hangs":
            await asyncio.to_thread(threading.Event().wait)
        if MANNER == "blocks":
            threading.Event().wait()  # the event loop itself
        await context.stop.wait()
        say("stopping")

    return [service.Loop("work", work)]


if __name__ == "__main__":
    sys.exit(service.run("tested", settings.Settings, build))
