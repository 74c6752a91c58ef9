"""``EventPublisher`` on Apache Kafka; the relay's."""

import asyncio
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaProducer

from shared.errors import DependencyError
from shared.events import TOPICS, Topic
from shared.transport.event_reader import Record
from shared.transport.kafka import client
from shared.transport.publisher import Broker, Place

ACKNOWLEDGED_WITHIN_S = 30.0
"""An idempotent producer itself never gives up, so a batch has a limit of ours."""

LINGER_MS = 10


class KafkaEventPublisher:
    """An idempotent producer; after any failure it is of no use and is made anew by ``start``."""

    def __init__(
        self, bootstrap_servers: str, *, topics: Sequence[Topic] = tuple(TOPICS.values())
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._topics = topics
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Create missing topics and connect."""
        await client.create_topics(self._bootstrap_servers, self._topics)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            client_id="photofactory-relay",
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
        )
        await client.within(client.REQUEST_TIMEOUT_S, "connecting", self._producer.start())

    async def broker(self) -> Broker:
        """Return the facts of the broker now, asked for over new connections."""
        return await client.broker(self._bootstrap_servers, [topic.name for topic in self._topics])

    async def publish(self, records: Sequence[Record]) -> Mapping[Place, int]:
        """Send all, then wait for all; in order per key."""
        if self._producer is None:
            raise DependencyError("kafka", "not connected")
        return await client.within(
            ACKNOWLEDGED_WITHIN_S, "publishing", _send(self._producer, records)
        )

    async def stop(self) -> None:
        """Disconnect; what is not acknowledged may still be written."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await client.end(producer.stop())


async def _send(producer: AIOKafkaProducer, records: Sequence[Record]) -> dict[Place, int]:
    waiting = [
        await producer.send(
            record.topic,
            value=record.value,
            key=None if record.key is None else record.key.encode(),
            headers=list(record.headers.items()),
        )
        for record in records
    ]
    offsets: dict[Place, int] = {}
    for written in await asyncio.gather(*waiting):
        place = (written.topic, written.partition)
        offsets[place] = max(written.offset, offsets.get(place, -1))
    return offsets
