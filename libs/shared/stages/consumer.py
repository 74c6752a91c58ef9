"""One pass over the event log: poll, settle, commit exactly what is settled.

Rules of the loop (docs: the consumer loop):
- the assignment epoch is taken after the poll; a batch of an older one is left, it comes again;
- only the end of the unbroken run of finished records of a partition is ever committed, also when
  something raised; positions have advanced at the poll, so a batch is left only for the stop, a
  revoke or a crash, never for a dependency: that is waited for;
- the commit comes after the transaction: a crash between them brings the record again, and the
  ledger changes nothing twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import structlog

from shared import events, heartbeat, metrics, process, waits
from shared.clock import Clock
from shared.database import Database
from shared.errors import DependencyError
from shared.transport import dead_letters
from shared.transport.event_reader import EventReader, Record

log = structlog.get_logger()


@dataclass(slots=True)
class Delivery:
    """One record of a batch on its way."""

    record: Record
    envelope: events.Envelope | None
    error: Exception | None = None
    is_finished: bool = False


IsStale = Callable[[], bool]
Settle = Callable[[Sequence[Delivery], IsStale], Awaitable[str | None]]
"""Marks deliveries as finished; returns what it waits for when it could not go on."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Reads for one service; ``settle`` gets decoded events only."""

    service: str
    reader: EventReader
    settle: Settle
    database: Database
    clock: Clock
    stop: process.Stop
    pulse: heartbeat.Pulse
    max_records: int = 32

    async def run_once(self, *, timeout_s: float) -> int:
        """Handle the next batch; return how many records came."""
        records = await self.reader.poll(max_records=self.max_records, timeout_s=timeout_s)
        epoch = self.reader.assignment_epoch
        batch = [decoded(record) for record in records]
        try:
            await self._settle_all(batch, lambda: self.reader.assignment_epoch != epoch)
        finally:
            await self._commit(batch)
        return len(batch)

    async def _settle_all(self, batch: Sequence[Delivery], is_stale: IsStale) -> None:
        back_off = waits.BackOff(self.stop)
        while not (self.stop.is_requested or is_stale()):
            left = [delivery for delivery in batch if not delivery.is_finished]
            if not left:
                return
            waiting_for = await self._settle_some(left, is_stale)
            if waiting_for is None:
                back_off = waits.BackOff(self.stop)
                continue
            self.pulse.waiting(waiting_for)
            await self._commit(batch)
            await back_off.pause()

    async def _settle_some(self, left: Sequence[Delivery], is_stale: IsStale) -> str | None:
        try:
            await self._bury([delivery for delivery in left if delivery.error])
            readable = [delivery for delivery in left if not delivery.error]
            return await self.settle(readable, is_stale) if readable else None
        except DependencyError as error:
            return str(error)

    async def _bury(self, unreadable: Sequence[Delivery]) -> None:
        """Keep payloads that are no events, byte for byte."""
        for delivery in unreadable:
            await asyncio.to_thread(self._keep, delivery)
            delivery.is_finished = True
            topic = delivery.record.topic
            metrics.EVENTS_DEAD_LETTERED.labels(topic).inc()
            log.error("event.dead_lettered", topic=topic, error=str(delivery.error))

    def _keep(self, delivery: Delivery) -> None:
        with self.database.transaction() as session:
            dead_letters.keep(
                session,
                service=self.service,
                record=delivery.record,
                error=delivery.error,
                now=self.clock.now(),
            )

    async def _commit(self, batch: Sequence[Delivery]) -> None:
        done = unbroken(batch)
        if not done:
            return
        try:
            await self.reader.commit(done)
        except DependencyError as error:  # it may come again, which changes nothing
            metrics.OFFSET_COMMITS.labels("failed").inc()
            log.warning("event.commit_failed", error=str(error))
        else:
            metrics.OFFSET_COMMITS.labels("done").inc()
            self._count(batch)

    def _count(self, batch: Iterable[Delivery]) -> None:
        now = self.clock.now()
        for delivery in batch:
            if delivery.is_finished:
                record = delivery.record
                outcome = "dead_lettered" if delivery.error else "done"
                metrics.EVENTS_CONSUMED.labels(record.topic, outcome).inc()
                age_s = (now - record.time).total_seconds()
                metrics.EVENT_AGE.labels(record.topic).observe(max(age_s, 0.0))


def decoded(record: Record) -> Delivery:
    """Return the record with its event, or with why it has none."""
    try:
        return Delivery(record, events.decode(record.value))
    except events.UndecodableError as error:
        return Delivery(record, None, error)


def unbroken(batch: Collection[Delivery]) -> list[Record]:
    """Return per partition the last record before the first unfinished one."""
    ends: dict[tuple[str, int], Record] = {}
    broken: set[tuple[str, int]] = set()
    for delivery in batch:
        place = (delivery.record.topic, delivery.record.partition)
        if not delivery.is_finished:
            broken.add(place)
        elif place not in broken:
            ends[place] = delivery.record
    return list(ends.values())
