"""The logs on which the contract of `EventReader` is tested: fake, PostgreSQL, Kafka."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Protocol
from uuid import uuid4

from typing_extensions import override

from shared import event_log, events
from shared.database import Database
from shared.events import envelope
from shared.testing import FakeLog, FakeReader
from shared.transport.event_reader import EventReader, Record
from shared.transport.kafka import client
from shared.transport.kafka.publisher import KafkaEventPublisher
from shared.transport.kafka.reader import KafkaEventReader
from shared.transport.reader_postgres import PostgresEventReader

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LIMIT_S = 60.0


class Note(events.Event):
    """An event of the tests: a number under a key."""

    topic: ClassVar = "contract.first"
    version: ClassVar = 1
    note_key: str
    number: int

    @property
    @override
    def key(self) -> str:
        return self.note_key


class SecondNote(Note):
    topic: ClassVar = "contract.second"


TOPICS = (Note.topic, SecondNote.topic)


def notes(*keys_and_numbers: tuple[str, int]) -> list[Note]:
    return [Note(note_key=key, number=number) for key, number in keys_and_numbers]


def number(record: Record) -> int:
    assert record.value is not None
    return int(json.loads(record.value)["data"]["number"])


def numbers(records: Sequence[Record]) -> list[int]:
    return [number(record) for record in records]


class Log(Protocol):
    """A log with two topics, of one test alone."""

    async def write(self, notes: Sequence[Note]) -> None:
        """Write and commit, each in its turn."""
        ...

    def reader(self, group: str) -> EventReader: ...


def record_of(note: Note, topic: str) -> Record:
    row = {
        "event_id": uuid4(),
        "topic": topic,
        "key": note.key,
        "time": NOW,
        "data": note.model_dump(mode="json"),
        "headers": {"dataschema": "urn:note"},
    }
    value = envelope.cloud_event(row, source="test")
    return Record(topic, 0, "", note.key, value, NOW, {"dataschema": b"urn:note"})


@dataclass
class InMemory:
    log: FakeLog = field(default_factory=FakeLog)

    async def write(self, notes: Sequence[Note]) -> None:
        for note in notes:
            self.log.write(record_of(note, note.topic))

    def reader(self, group: str) -> EventReader:
        return FakeReader(self.log, group, TOPICS)


@dataclass
class InPostgres:
    database: Database

    async def write(self, notes: Sequence[Note]) -> None:
        for note in notes:
            with self.database.transaction() as session:
                event_log.append(session, [note], now=NOW)

    def reader(self, group: str) -> EventReader:
        return PostgresEventReader(self.database, group, TOPICS)


@dataclass
class InKafka:
    """Topics and groups get names of their own: the broker is shared by the run."""

    address: str
    prefix: str = field(default_factory=lambda: uuid4().hex[:8])
    publisher: KafkaEventPublisher | None = None

    def name(self, topic: str) -> str:
        return f"{self.prefix}.{topic}"

    async def open(self) -> None:
        topics = [events.Topic(self.name(topic), "test", partitions=3) for topic in TOPICS]
        self.publisher = KafkaEventPublisher(self.address, topics=topics)
        await self.publisher.start()

    async def close(self) -> None:
        assert self.publisher
        await self.publisher.stop()
        async with client.admin(self.address) as admin:
            await admin.delete_topics([self.name(topic) for topic in TOPICS])

    async def write(self, notes: Sequence[Note]) -> None:
        assert self.publisher
        await self.publisher.publish([record_of(note, self.name(note.topic)) for note in notes])

    def reader(self, group: str) -> EventReader:
        topics = [self.name(topic) for topic in TOPICS]
        return KafkaEventReader(self.address, f"{self.prefix}.{group}", topics)


@asynccontextmanager
async def running(*readers: EventReader) -> AsyncIterator[None]:
    """Start the readers; stop those that the test left."""
    try:
        for reader in readers:
            await reader.start()
        yield
    finally:
        for reader in readers:
            await reader.stop()


async def read_until(
    readers: Sequence[EventReader], is_enough: Callable[[list[Record]], bool]
) -> list[Record]:
    """Poll all `readers` at once, again and again, until what they gave `is_enough`."""
    deadline = time.monotonic() + LIMIT_S
    read: list[Record] = []
    while not is_enough(read):
        assert time.monotonic() < deadline, f"only {len(read)} records: {read}"
        for found in await asyncio.gather(
            *(reader.poll(max_records=100, timeout_s=0.2) for reader in readers)
        ):
            read += found
    return read


async def read(reader: EventReader, count: int) -> list[Record]:
    """The next `count` records or more."""
    return await read_until([reader], lambda found: len(found) >= count)
