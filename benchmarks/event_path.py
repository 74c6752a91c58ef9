"""From the committed event to the handler: throughput and latency of both logs.

./photofactory bench event_path

References: plain pages of the same rows by their key, and a bare LISTEN/NOTIFY. The broker's path
holds the relay as well; it is left out where there is no Kafka.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import sqlalchemy as sa

import kafka_broker
from shared import event_log, events, logs
from shared.clock import SystemClock
from shared.database import Database
from shared.transport import relay
from shared.transport.event_reader import EventReader
from shared.transport.kafka.publisher import KafkaEventPublisher
from shared.transport.kafka.reader import KafkaEventReader
from shared.transport.reader_postgres import PostgresEventReader
from suite import database_setup, postgres

EVENTS = 50_000
PAGE = 500
ROUNDS = 300
TOPIC = events.AssetIngestedV1.topic


def main() -> int:
    """Print the figures."""
    logs.configure("bench", "CRITICAL")  # a new broker says for a second that it is not ready
    with ExitStack() as resources:
        folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="pf-bench-"))
        cluster = postgres.Cluster(Path(folder) / "cluster")
        resources.callback(cluster.stop)
        cluster.start()
        database_setup.migrate(cluster.url())
        database = resources.enter_context(Database(cluster.url(), application_name="bench"))
        write_s = _write(database, EVENTS)
        print(f"{'written':12} {EVENTS / write_s:9,.0f} events/s in transactions of {PAGE}")
        asyncio.run(_measure(resources, database))
    return 0


async def _measure(resources: ExitStack, database: Database) -> None:
    plain_s, plain_ms = await asyncio.to_thread(_plain, database)
    _show("plain", plain_s, plain_ms, plain_s, plain_ms)
    reader = PostgresEventReader(database, "bench", [TOPIC])
    _show("PostgreSQL", *await _read(reader, database), plain_s, plain_ms)
    if reason := kafka_broker.why_not_here():
        print(f"Kafka: left out, {reason}")
        return
    with database.transaction() as session:  # else the relay begins behind the reader above
        session.execute(sa.text("delete from event_cursors"))
    broker = resources.enter_context(kafka_broker.KafkaBroker())
    async with _relay(database, broker.address):
        kafka = KafkaEventReader(broker.address, "bench", [TOPIC])
        _show("Kafka", *await _read(kafka, database), plain_s, plain_ms)


def _show(
    name: str, seconds: float, ms: Sequence[float], plain_s: float, plain_ms: Sequence[float]
) -> None:
    p50, p99 = statistics.median(ms), statistics.quantiles(ms, n=100)[98]
    print(
        f"{name:12} {EVENTS / seconds:9,.0f} events/s ({plain_s / seconds:.2f} of plain)"
        f"  committed to handler p50 {p50:.2f} p99 {p99:.2f} ms"
        f" ({p50 / statistics.median(plain_ms):.1f} times plain)"
    )


def _write(database: Database, count: int) -> float:
    begun = time.perf_counter()
    for _ in range(count // PAGE):
        _append(database, PAGE)
    return time.perf_counter() - begun


def _append(database: Database, count: int) -> None:
    made = [
        events.AssetIngestedV1.model_validate(
            events.AssetIngestedV1.example | {"asset_id": uuid4()}
        )
        for _ in range(count)
    ]
    with database.transaction() as session:
        event_log.append(session, made, now=SystemClock().now())


async def _read(reader: EventReader, database: Database) -> tuple[float, list[float]]:
    """Return the seconds for what is there, and the milliseconds of each new event."""
    await reader.start()
    try:
        left = total = await asyncio.to_thread(_count, database)
        begun = time.perf_counter()
        while left > 0:
            found = await reader.poll(max_records=PAGE, timeout_s=1.0)
            await reader.commit(found)
            left -= len(found)
        seconds = (time.perf_counter() - begun) * EVENTS / total
        delays_ms = [await _one(reader, database) for _ in range(ROUNDS)]
    finally:
        await reader.stop()
    return seconds, delays_ms


def _count(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(sa.text("select count(*) from event_log")).scalar_one())


async def _one(reader: EventReader, database: Database) -> float:
    waiting = asyncio.ensure_future(reader.poll(max_records=1, timeout_s=30.0))
    await asyncio.sleep(0.01)  # the reader is idle
    await asyncio.to_thread(_append, database, 1)
    committed = time.perf_counter()
    found = await waiting
    delay_ms = (time.perf_counter() - committed) * 1000
    assert len(found) == 1
    await reader.commit(found)
    return delay_ms


def _plain(database: Database) -> tuple[float, list[float]]:
    """Return the references: seconds of plain pages, milliseconds of a bare notification."""
    begun, last, total = time.perf_counter(), 0, 0
    with database.engine.connect() as connection:
        statement = sa.text("select * from event_log where id > :last order by id limit 500")
        connection.execute(sa.text("create index on event_log (id)"))
        while rows := connection.execute(statement, {"last": last}).all():
            last, total = rows[-1].id, total + len(rows)
        connection.rollback()
    seconds = time.perf_counter() - begun
    assert total == EVENTS
    return seconds, [_notify(database.url) for _ in range(50)]


def _notify(url: str) -> float:
    with (
        psycopg.connect(url, autocommit=True) as listening,
        psycopg.connect(url, autocommit=True) as telling,
    ):
        listening.execute("listen bench")
        telling.execute("notify bench")
        begun = time.perf_counter()
        assert list(listening.notifies(timeout=30, stop_after=1))
        return (time.perf_counter() - begun) * 1000


@asynccontextmanager
async def _relay(database: Database, address: str) -> "AsyncIterator[None]":
    """Run the relay beside the measurement."""
    is_stopping = False
    copying = relay.Relay(
        PostgresEventReader(database, relay.GROUP, list(events.TOPICS)),
        KafkaEventPublisher(address),
        database=database,
        topics=list(events.TOPICS),
        clock=SystemClock(),
    )
    publisher = KafkaEventPublisher(address)
    await publisher.start()  # the topics are there before the reader asks for them
    await publisher.stop()
    async with AsyncExitStack() as stack:
        group = await stack.enter_async_context(asyncio.TaskGroup())
        group.create_task(copying.run(is_stopping=lambda: is_stopping, beat=lambda _: None))
        yield
        is_stopping = True


if __name__ == "__main__":
    sys.exit(main())
