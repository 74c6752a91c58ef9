"""The one reader of the status for all who ask: one reading at a time, gauges set with each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dashboard import gauges, queries
from dashboard.status import Status
from shared.clock import Clock
from shared.database import Database


class Reading:
    """Reads in a thread; whoever asks meanwhile waits for his turn."""

    def __init__(self, database: Database, clock: Clock, expected: Sequence[str]) -> None:
        self._database = database
        self._clock = clock
        self._expected = expected
        self._turn = asyncio.Lock()

    async def read(self) -> Status:
        """Return the status as of now; raises DependencyError while the database is away."""
        async with self._turn:
            status = await asyncio.to_thread(self._read)
        gauges.show(status)
        return status

    def _read(self) -> Status:
        with self._database.read() as session:
            return queries.read(session, self._clock.now(), self._expected)
