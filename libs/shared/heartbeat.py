"""Signs of life: each loop's pulse, and the service's row in ``system_status`` made from them."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
import structlog
from sqlalchemy import exc, orm
from sqlalchemy.dialects import postgresql as pg

from shared import metrics, models, process
from shared.clock import Clock
from shared.database import Database
from shared.errors import DependencyError

Status = Literal["OK", "WARNING", "ERROR"]

EVENT_LOOP_BEAT_S = 5.0
"""How often the event loop shows that it is not blocked."""

OWN_PULSE = "heartbeat"
STARTING: tuple[Status, str] = ("OK", "Starting")

_WORST: tuple[Status, ...] = ("ERROR", "WARNING", "OK")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Beat:
    """What a loop said last; ``at_s`` is monotonic."""

    at_s: float
    status: Status
    task: str


class Pulse:
    """Progress of one loop: written by the loop, read by watchdog, health server and heartbeat.

    The status returns to OK only after a success.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self.last = Beat(clock.monotonic(), *STARTING)

    @property
    def age_s(self) -> float:
        """Return the seconds since the loop made progress."""
        return self._clock.monotonic() - self.last.at_s

    def beat(self, task: str | None = None) -> None:
        """Say "still going on", with the same status as before."""
        self._say(self.last.status, task or self.last.task)

    def succeeded(self, task: str) -> None:
        """Say that a pass went well."""
        self._say("OK", task)

    def waiting(self, reason: str) -> None:
        """Say that the loop waits for a dependency, and for which."""
        if self.last.status == "OK":
            log.warning("loop.waiting", loop=self.name, reason=reason)
        self._say("WARNING", f"Waiting: {reason}")

    def failed(self, reason: str) -> None:
        """Say that something is wrong that waiting does not mend."""
        self._say("ERROR", reason)

    def _say(self, status: Status, task: str) -> None:
        self.last = Beat(self._clock.monotonic(), status, task)


class Pulses:
    """All loops of a service.

    What moves bytes makes progress, although a long video may take it longer than a loop may be
    silent: ``idle_s`` says for how long no byte was copied or hashed.
    """

    def __init__(self, clock: Clock, idle_s: Callable[[], float] = lambda: math.inf) -> None:
        self._clock = clock
        self._idle_s = idle_s
        self._pulses: dict[str, Pulse] = {}

    def add(self, name: str) -> Pulse:
        """Return the pulse of a new loop."""
        self._pulses[name] = pulse = Pulse(name, self._clock)
        metrics.LOOP_BEAT_AGE.labels(name).set_function(lambda: pulse.age_s)
        return pulse

    def remove(self, pulse: Pulse) -> None:
        """Forget a loop that has ended."""
        del self._pulses[pulse.name]
        metrics.LOOP_BEAT_AGE.remove(pulse.name)

    def oldest_age_s(self) -> float:
        """Return the age of the loop that made no progress for longest, none while bytes move."""
        oldest = max((pulse.age_s for pulse in list(self._pulses.values())), default=0.0)
        return min(oldest, self._idle_s())

    def troubles(self) -> list[str]:
        """Return what the loops that are not OK say."""
        pulses = list(self._pulses.values())
        return [pulse.last.task for pulse in pulses if pulse.last.status != "OK"]

    def summary(self) -> tuple[Status, str]:
        """Return the worst status with what its loop does; among equals the latest word."""
        beats = [pulse.last for pulse in list(self._pulses.values()) if pulse.name != OWN_PULSE]
        if not beats:
            return STARTING
        worst = min(beats, key=lambda beat: (_WORST.index(beat.status), -beat.at_s))
        return worst.status, worst.task


def is_news(told: tuple[Status, str], summary: tuple[Status, str]) -> bool:
    """Return whether a summary is told at once: another status, or the end of the start."""
    return summary[0] != told[0] or (told == STARTING and summary != STARTING)


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of life of a service, or of what a probe looked at for it."""

    service: str
    status: Status
    task: str
    interval_s: int = 30


def write(session: orm.Session, sign: Sign, *, now: datetime) -> None:
    """Write one heartbeat: the service's row and its history (seed 001, sections 4-6)."""
    task = sign.task[:500]
    values = {"status": sign.status, "current_task": task, "interval_s": sign.interval_s}
    upsert = pg.insert(models.SystemStatus).values(
        service_name=sign.service, last_heartbeat=now, updated_at=now, **values
    )
    session.execute(
        upsert.on_conflict_do_update(
            index_elements=["service_name"],
            set_=values | {"last_heartbeat": now, "updated_at": now},
        )
    )
    session.execute(
        sa.insert(models.SystemStatusHistory).values(
            service_name=sign.service,
            status=sign.status,
            current_task=task,
            heartbeat_timestamp=now,
        )
    )


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The loop that tells the ledger, as long as the other loops make progress."""

    service: str
    database: Database
    pulses: Pulses
    clock: Clock
    interval_s: int
    stale_after_s: float
    keep_alive: Callable[[], None] = lambda: None

    async def run(self, pulse: Pulse, stop: process.Stop) -> None:
        """Write at once, at each interval and when the status changed.

        A heartbeat that fails stops nothing.
        """
        due_at = self.clock.monotonic()
        told = STARTING
        while True:
            pulse.succeeded("Beating")
            summary = self.pulses.summary()
            if self.clock.monotonic() >= due_at or is_news(told, summary):
                due_at = self.clock.monotonic() + self.interval_s
                told = summary
                await self._try(*summary)
            if await stop.wait(min(EVENT_LOOP_BEAT_S, self.interval_s)):
                return

    async def _try(self, status: Status, task: str) -> None:
        if self.pulses.oldest_age_s() > self.stale_after_s:
            return  # no life to tell of: the colour turns with the age of the last beat
        try:
            await asyncio.to_thread(self._write, status, task)
        except (DependencyError, exc.SQLAlchemyError) as error:
            metrics.HEARTBEATS_FAILED.inc()
            log.warning("heartbeat.failed", error=str(error))

    def _write(self, status: Status, task: str) -> None:
        self.keep_alive()
        sign = Sign(self.service, status, task, self.interval_s)
        with self.database.transaction() as session:
            write(session, sign, now=self.clock.now())
