"""The librarian's second loop: are the roots there, are the originals, has the ledger gone back?"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from librarian.survey import Survey
from shared import event_log, heartbeat, metrics, process
from shared.clock import Clock
from shared.database import Database
from shared.disk import mass_change, roots
from shared.disk.root_folder import KnownRoot
from shared.errors import DependencyError

log = structlog.get_logger()

TICK_S: Final = 15.0
AGAIN_S: Final = 60.0
"""After a survey that could not be finished."""
SHORTEST_S: Final = 600.0
LONGEST_S: Final = 6 * 3600.0
PAUSE_PER_S: Final = 200
"""A survey takes half a percent of the time at most, or is one of four a day."""


def pause_s(took_s: float) -> float:
    """How long to wait after a survey that took so long."""
    return min(max(took_s * PAUSE_PER_S, SHORTEST_S), LONGEST_S)


class Watch:
    """Looks at all roots often, and at every original as often as that is cheap."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        thresholds: mass_change.Thresholds = mass_change.USUAL,
    ) -> None:
        self._thresholds = thresholds
        self._database = database
        self._clock = clock
        self._survey_at = clock.monotonic()
        self._trouble = ""

    async def run(self, pulse: heartbeat.Pulse, stop: process.Stop) -> None:
        """Watch until the stop."""
        while not stop.is_requested:
            await asyncio.to_thread(self.once)
            if self._trouble:
                pulse.waiting(self._trouble)
            else:
                pulse.succeeded("Watching originals")
            await stop.wait(TICK_S)

    def once(self) -> None:
        """Look at what is due."""
        now = self._clock.now()
        roots.check_all(self._database, now)
        with self._database.read() as session:
            metrics.LOG_HORIZON_AGE.set(event_log.horizon_age_s(session))
        began = self._clock.monotonic()
        if began >= self._survey_at:
            self._survey()
            ended = self._clock.monotonic()
            pause = AGAIN_S if self._trouble else pause_s(ended - began)
            self._survey_at = ended + pause

    def _survey(self) -> None:
        """Survey every root of originals."""
        with self._database.read() as session:
            known = [roots.known(session, root) for root in roots.find(session, "originals")]
        troubles = []
        for root in known:
            try:
                self._survey_one(root)
            except DependencyError as error:
                troubles.append(str(error))
        self._trouble = "; ".join(troubles)

    def _survey_one(self, root: KnownRoot) -> None:
        began = self._clock.monotonic()
        look = Survey(self._database, root, self._clock).run(self._thresholds)
        log.info(
            "originals.surveyed",
            path=root.path,
            known=look.known,
            vanished=look.vanished,
            changed=look.changed,
            returned=look.returned,
            took_s=round(self._clock.monotonic() - began, 1),
        )
