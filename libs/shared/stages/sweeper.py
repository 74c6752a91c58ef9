"""Finds what events do not bring: parked rows that are due, claims of the dead, lost events.

It feeds the same runner as the consumer, in the same loop, so a stage has one lane: what a
process died over runs with nothing beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import orm

from shared.stages import stage_queue
from shared.stages.stage_runner import StageRunner


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did; ``found`` = there may be more, sweep again soon."""

    found: int
    waiting_for: str | None


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Sweeps for one stage; at most ``limit`` assets of a kind at a time."""

    runner: StageRunner[Any, Any]
    limit: int = 32

    async def sweep(self, *, is_idle: bool) -> Swept:
        """Handle what is due; what was never tried or is condemned only when there is no lag.

        Fresh work goes first: an asset without an event is pending for seconds while its event is
        on the way.
        """
        lanes = [self._abandoned, self._claims(stage_queue.claim_due)]
        if is_idle:
            lanes += [
                self._claims(stage_queue.claim_never_tried),
                self._claims(stage_queue.claim_condemned),
            ]
        found = 0
        for claim in lanes:
            outcome = await self.runner.run(claim)
            found += outcome.claimed
            if outcome.waiting_for or self.runner.frame.stop.is_requested:
                return Swept(0, outcome.waiting_for)
        return Swept(found, None)

    def _abandoned(self, session: orm.Session) -> list[UUID]:
        claimed = stage_queue.claim_abandoned(
            session, self.runner.stage, owner=self.runner.frame.owner.id, now=self._now()
        )
        return [claimed] if claimed else []

    def _claims(self, claim: Callable[..., list[UUID]]) -> Callable[[orm.Session], list[UUID]]:
        return lambda session: claim(
            session,
            self.runner.stage,
            limit=self.limit,
            owner=self.runner.frame.owner.id,
            now=self._now(),
        )

    def _now(self) -> datetime:
        return self.runner.frame.clock.now()
