"""``EventReader`` on Apache Kafka.

Facts of aiokafka 0.14 that shaped this:

- A rebalance runs in a background task while a batch is being handled, revokes everything, and
  sets positions back to the commits: the listener waits, bounded, for the batch in hand.
- A cancelled poll leaks a counter and switches off the guard of the poll interval: polls end by
  their own time limit, never by ``wait_for``.
- ``commit()`` without offsets commits what was polled, done or not: ours are explicit.
- A deserialiser that raises gives the same record for ever: bytes stay bytes here.
"""

import asyncio
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaConnectionError
from typing_extensions import override

from shared import metrics
from shared.errors import DependencyError
from shared.transport.event_reader import Record
from shared.transport.kafka import client

COMMIT_WITHIN_S = 15.0
REVOKE_WITHIN_S = 45.0
REBALANCE_WITHIN_S = 60.0
POLL_INTERVAL_S = 600.0
"""One record < REVOKE_WITHIN_S < REBALANCE_WITHIN_S < POLL_INTERVAL_S."""

_log = structlog.get_logger()


class KafkaEventReader:
    """A member of a consumer group.

    ``_idle`` is clear from the poll that gave records until their commit or the next poll; a
    revocation waits for it. It never covers a poll, which itself waits for rebalances.
    """

    def __init__(self, bootstrap_servers: str, group: str, topics: Sequence[str]) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._group = group
        self._topics = tuple(topics)
        self._consumer: AIOKafkaConsumer | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._epoch = 0
        self._checked_epoch = -1

    @property
    def assignment_epoch(self) -> int:
        """Return how often partitions were revoked."""
        return self._epoch

    async def start(self) -> None:
        """Join the group; topics have to be there, since the relay creates them as they should be.

        A topic that the broker makes up at our first look would have the wrong partitions.
        """
        await self.stop()
        missing = await client.missing_topics(self._bootstrap_servers, self._topics)
        if missing:
            raise DependencyError("kafka", f"no topics yet: {', '.join(sorted(missing))}")
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            group_id=self._group,
            client_id=f"{self._group}-{socket.gethostname()}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=30_000,
            heartbeat_interval_ms=3_000,
            rebalance_timeout_ms=int(REBALANCE_WITHIN_S * 1000),
            max_poll_interval_ms=int(POLL_INTERVAL_S * 1000),
        )
        consumer.subscribe(list(self._topics), listener=_Listener(self))
        try:
            await client.within(client.REQUEST_TIMEOUT_S, "connecting", consumer.start())
        except DependencyError:
            await client.end(consumer.stop())
            raise
        self._consumer = consumer

    async def poll(self, *, max_records: int, timeout_s: float) -> Sequence[Record]:
        """Return what was fetched, or nothing after ``timeout_s``; a rebalance may take longer."""
        consumer = self._connected()
        self._idle.set()
        await self._tell_of_gaps(consumer)  # before the poll: what it returns must not get lost
        try:
            fetched = await consumer.getmany(
                timeout_ms=int(timeout_s * 1000), max_records=max_records
            )
        except KafkaConnectionError as error:
            raise DependencyError("kafka", f"polling: {error!r}") from error
        if fetched:
            self._idle.clear()
        return [_record(each) for records in fetched.values() for each in records]

    async def commit(self, done: Sequence[Record]) -> None:
        """Commit the furthest of ``done`` + 1 for each partition that is still ours."""
        consumer = self._connected()
        offsets: dict[TopicPartition, int] = {}
        for record in done:
            place = TopicPartition(record.topic, record.partition)
            offsets[place] = max(int(record.position) + 1, offsets.get(place, 0))
        ours = {place: at for place, at in offsets.items() if place in consumer.assignment()}
        if len(ours) < len(offsets):
            _log.warning(
                "events.commit_skipped", group=self._group, of=len(offsets), left=len(ours)
            )
        try:
            if ours:
                await client.within(COMMIT_WITHIN_S, "committing", _commit(consumer, ours))
        finally:
            self._idle.set()

    async def lag(self) -> int:
        """Return the records after the commits of this member's partitions."""
        consumer = self._connected()
        places = sorted(consumer.assignment())
        ends = await self._ask(consumer.end_offsets(places)) if places else {}
        starts = await self._ask(consumer.beginning_offsets(places)) if places else {}
        lag = 0
        for place in places:
            committed = await self._ask(consumer.committed(place))
            lag += max(0, ends[place] - max(committed or 0, starts[place]))
        return lag

    async def stop(self) -> None:
        """Leave the group."""
        consumer, self._consumer = self._consumer, None
        self._idle.set()
        if consumer is not None:
            self._epoch += 1
            await client.end(consumer.stop())

    async def revoked(self, places: Sequence[TopicPartition]) -> None:
        """Make the batch in hand stale and wait, bounded, until it is put down; never raises."""
        self._epoch += 1
        try:
            await asyncio.wait_for(self._idle.wait(), REVOKE_WITHIN_S)
        except TimeoutError:
            _log.warning("events.revoked_in_work", group=self._group, partitions=len(places))

    def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise DependencyError("kafka", "not connected")
        return self._consumer

    async def _ask(self, question: Any) -> Any:  # noqa: ANN401  the client has no types
        return await client.within(client.REQUEST_TIMEOUT_S, "asking for offsets", question)

    async def _tell_of_gaps(self, consumer: AIOKafkaConsumer) -> None:
        """Say once per assignment what the broker deleted unread; the sweep repairs it."""
        places = sorted(consumer.assignment())
        if not places or self._checked_epoch == self._epoch:
            return
        self._checked_epoch = self._epoch
        starts = await self._ask(consumer.beginning_offsets(places))
        for place in places:
            committed = await self._ask(consumer.committed(place))
            if committed is not None and committed < starts[place]:
                _log.warning(
                    "events.gap",
                    group=self._group,
                    topic=place.topic,
                    partition=place.partition,
                    committed=committed,
                    earliest=starts[place],
                )


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, reader: KafkaEventReader) -> None:
        self._reader = reader

    @override
    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        metrics.REBALANCES.inc()
        await self._reader.revoked(revoked)

    @override
    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        places = sorted(f"{place.topic}:{place.partition}" for place in assigned)
        _log.info("events.assigned", partitions=places)


async def _commit(consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
    try:
        await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError) as error:
        # rebalanced meanwhile: the records come again, to us or to another member
        _log.warning("events.commit_refused", error=repr(error))


def _record(fetched: Any) -> Record:  # noqa: ANN401  the client has no types
    return Record(
        topic=fetched.topic,
        partition=fetched.partition,
        position=str(fetched.offset),
        key=None if fetched.key is None else fetched.key.decode(errors="replace"),
        value=fetched.value,
        time=datetime.fromtimestamp(fetched.timestamp / 1000, UTC),
        headers=dict(fetched.headers),
    )
