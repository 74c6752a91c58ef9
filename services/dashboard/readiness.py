"""Whether every service that should run is ready, and what those that are not say."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Sequence
from pathlib import Path

from dashboard.status import ServiceStatus

TIMEOUT_S = 0.8
"""Below the patience of who asks the dashboard."""


class Readiness:
    """Asks each service's own /readyz where its port is known; else its heartbeat has to do."""

    def __init__(
        self, services: Sequence[str], run_folder: Path | None, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._services = services
        self._run_folder = run_folder
        self._timeout_s = timeout_s

    async def missing(self, reported: Sequence[ServiceStatus]) -> dict[str, list[str]]:
        """Return what each service that is not ready lacks; empty = all are ready."""
        if self._run_folder is None:
            return by_heartbeat(reported)
        troubles = await asyncio.gather(
            *(
                asyncio.to_thread(ask, self._run_folder, name, self._timeout_s)
                for name in self._services
            )
        )
        return {name: said for name, said in zip(self._services, troubles, strict=True) if said}


def by_heartbeat(reported: Sequence[ServiceStatus]) -> dict[str, list[str]]:
    """Return the services that are not green, with what they last said."""
    return {
        each.name: [each.current_task or "has never reported"]
        for each in reported
        if each.colour != "green"
    }


def ask(run_folder: Path, name: str, timeout_s: float) -> list[str]:
    """Return the troubles that a service of this machine tells; it has none when it is ready."""
    try:
        port = int((run_folder / f"{name}.port").read_text())
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        try:
            connection.request("GET", "/readyz")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return [str(trouble) for trouble in answer["troubles"]]
    except FileNotFoundError:
        return ["is not started yet"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return ["does not answer"]
