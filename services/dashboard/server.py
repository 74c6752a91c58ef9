"""uvicorn as a loop of the service: its port, its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from shared import heartbeat, process, service
from shared.errors import DependencyError

LET_FINISH_S = 2
BEAT_S = 5.0


def loop(app: ASGIApp, host: str, port: int, stop: process.Stop) -> service.Loop:
    """Return the loop that serves ``app`` until the stop."""

    async def run(pulse: heartbeat.Pulse) -> None:
        with listening(host, port) as listener:
            await serve(app, listener, pulse, stop)

    return service.Loop("web", run)


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Give a bound socket; raises DependencyError while the address is not to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise DependencyError(f"port {port}", str(error)) from error
        yield listener


async def serve(
    app: ASGIApp, listener: socket.socket, pulse: heartbeat.Pulse, stop: process.Stop
) -> None:
    """Serve until the stop; answers that are under way may finish within two seconds."""
    web = _Web(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=LET_FINISH_S,
        )
    )
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(web.serve(sockets=[listener]), name="uvicorn")
        while not await stop.wait(BEAT_S) and not serving.done():
            pulse.succeeded("Serving")
        web.should_exit = True


class _Web(uvicorn.Server):
    """Signals are the service's."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
