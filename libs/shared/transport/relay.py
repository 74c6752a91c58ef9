"""Copies ``event_log`` to the broker: an ordinary reader, a publisher, and an eye on the broker.

The cursor moves after the acknowledgements, so a crash publishes some events twice, with the same
ids, and never skips one. Two relays cannot move it at once: the reader holds the group's lock.
A broker that was wiped or replaced gets everything again; consumers drop what they have done.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy import orm

from shared import metrics
from shared.clock import Clock
from shared.database import Database
from shared.transport import cursors
from shared.transport.event_reader import EventReader, Record
from shared.transport.publisher import Broker, EventPublisher, Place

GROUP = "relay"
BATCH = 500
COMPARE_EVERY_S = 30.0
"""How often the broker is asked whether it still is the one that acknowledged everything."""

log = structlog.get_logger()


class RewindableReader(EventReader, Protocol):
    """A reader that can be sent back to the beginning."""

    async def rewind(self, topics: Sequence[str]) -> None:
        """Read ``topics`` from the beginning again."""
        ...


class RelayPositions:
    """What each partition of the broker acknowledged last (table ``relay_positions``).

    Only the present cluster has rows: one that comes back after another is as good as wiped.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> tuple[str | None, dict[Place, int]]:
        """Return the cluster that was fed last, None at first, and its offsets."""
        with self._database.read() as session:
            rows = session.execute(
                sa.text(
                    "select cluster_id, topic, partition, acknowledged_offset from relay_positions"
                )
            ).all()
        offsets = {(row.topic, row.partition): row.acknowledged_offset for row in rows}
        return (rows[0].cluster_id if rows else None), offsets

    def adopt(self, cluster_id: str, topics: Sequence[str]) -> None:
        """Forget every other cluster, and what was acknowledged for ``topics``."""

        def adopt(session: orm.Session) -> None:
            session.execute(
                sa.text(
                    "delete from relay_positions where cluster_id <> :cluster"
                    " or topic = any(:topics)"
                ),
                {"cluster": cluster_id, "topics": list(topics)},
            )
            self._save(session, cluster_id, {(topic, 0): -1 for topic in topics})

        self._database.run(adopt)

    def save(self, cluster_id: str, offsets: Mapping[Place, int]) -> None:
        """Store the last acknowledged offsets."""
        self._database.run(lambda session: self._save(session, cluster_id, offsets))

    @staticmethod
    def _save(session: orm.Session, cluster_id: str, offsets: Mapping[Place, int]) -> None:
        session.execute(
            sa.text(
                "insert into relay_positions (cluster_id, topic, partition, acknowledged_offset)"
                " values (:cluster, :topic, :partition, :offset)"
                " on conflict (cluster_id, topic, partition) do update"
                " set acknowledged_offset = excluded.acknowledged_offset, updated_at = now()"
            ),
            [
                {"cluster": cluster_id, "topic": topic, "partition": partition, "offset": offset}
                for (topic, partition), offset in sorted(offsets.items())
            ],
        )


class Relay:
    """One run from connecting to the first failure; it is run again after that."""

    def __init__(
        self,
        reader: RewindableReader,
        publisher: EventPublisher,
        *,
        database: Database,
        topics: Sequence[str],
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._publisher = publisher
        self._database = database
        self._positions = RelayPositions(database)
        self._topics = tuple(topics)
        self._clock = clock
        self._cluster_id = ""
        self._compared_at_s = 0.0

    async def run(
        self,
        *,
        is_stopping: Callable[[], bool],
        beat: Callable[[str], None],
        poll_s: float = 1.0,
    ) -> None:
        """Copy until the stop; ``beat`` hears of every pass. A DependencyError escapes."""
        try:
            await self.start()
            while not is_stopping():
                copied = await self.copy(timeout_s=poll_s)
                beat(f"copied {copied} events" if copied else "idle")
        finally:
            await self._publisher.stop()
            await self._reader.stop()

    async def start(self) -> None:
        """Connect both ends; a relay that never ran begins where the slowest group stands."""
        await asyncio.to_thread(
            self._database.run,
            lambda session: cursors.register_behind_all(session, GROUP, self._topics),
        )
        await self._reader.start()
        await self._publisher.start()
        await self._compare()

    async def copy(self, *, timeout_s: float) -> int:
        """Copy the next batch; return how many events."""
        if self._clock.monotonic() - self._compared_at_s > COMPARE_EVERY_S:
            await self._compare()
        records = await self._reader.poll(max_records=BATCH, timeout_s=timeout_s)
        if records:
            await self._publish(records)
        return len(records)

    async def _publish(self, records: Sequence[Record]) -> None:
        offsets = await self._publisher.publish(records)
        await asyncio.to_thread(self._positions.save, self._cluster_id, offsets)
        await self._reader.commit(records)
        for record in records:
            metrics.EVENTS_PUBLISHED.labels(record.topic).inc()

    async def _compare(self) -> None:
        """Rewind what this broker does not have any more, or never had."""
        broker = await self._publisher.broker()
        fed, offsets = await asyncio.to_thread(self._positions.load)
        lost = lost_topics(broker, fed, offsets, self._topics)
        if lost:
            log.warning("relay.rewound", cluster=broker.cluster_id, fed=fed, topics=sorted(lost))
            await self._reader.rewind(sorted(lost))
        if lost or fed is None:
            await asyncio.to_thread(
                self._positions.adopt, broker.cluster_id, sorted(lost or self._topics)
            )
        self._cluster_id = broker.cluster_id
        self._compared_at_s = self._clock.monotonic()


def lost_topics(
    broker: Broker, fed: str | None, offsets: Mapping[Place, int], topics: Sequence[str]
) -> frozenset[str]:
    """Return which topics have to be published again.

    ``fed`` is the cluster that acknowledged ``offsets``; None when nothing was published yet.
    """
    if fed is None:
        return frozenset()
    if fed != broker.cluster_id:
        return frozenset(topics)
    return frozenset(
        topic
        for (topic, partition), offset in offsets.items()
        if broker.end_offsets.get((topic, partition), 0) <= offset
    )
