"""What only the adapter of Apache Kafka does; the rest is in the contract."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer

import event_logs
from event_logs import notes, numbers, read, running
from shared import events
from shared.errors import DependencyError
from shared.transport.kafka import client
from shared.transport.kafka.reader import KafkaEventReader


@pytest.fixture
async def log(kafka: str) -> AsyncIterator[event_logs.InKafka]:
    opened = event_logs.InKafka(kafka)
    await opened.open()
    yield opened
    await opened.close()


async def test_bytes_that_are_no_event_arrive_untouched(log: event_logs.InKafka) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=log.address)
    await producer.start()
    await producer.send_and_wait(
        log.name(event_logs.Note.topic),
        value=b"\xff\x00{",
        key=b"\xffkey",
        headers=[("traceparent", b"\xfe")],
    )
    await producer.stop()
    reader = log.reader("group")

    async with running(reader):
        (record,) = await read(reader, 1)

    assert record.value == b"\xff\x00{"
    assert record.headers == {"traceparent": b"\xfe"}
    with pytest.raises(events.UndecodableError):
        events.decode(record.value)


async def test_a_reader_waits_for_topics_instead_of_making_them_up(kafka: str) -> None:
    reader = KafkaEventReader(kafka, "group", ["nobody.made.this"])

    with pytest.raises(DependencyError, match=r"nobody\.made\.this"):
        await reader.start()

    assert await client.missing_topics(kafka, ["nobody.made.this"]) == {"nobody.made.this"}


async def test_topics_are_made_as_the_registry_says_and_only_once(log: event_logs.InKafka) -> None:
    name = log.name(event_logs.Note.topic)

    await client.create_topics(log.address, [events.Topic(name, "test", partitions=9)])

    broker = await client.broker(log.address, [name])
    assert {partition for _, partition in broker.end_offsets} == {0, 1, 2}
    assert set(broker.end_offsets.values()) == {0}


async def test_what_was_revoked_is_not_committed_and_comes_again(log: event_logs.InKafka) -> None:
    await log.write(notes(*[(f"key {i}", i) for i in range(6)]))
    reader = log.reader("group")

    async with running(reader):
        found = await read(reader, 6)
        await reader.stop()
        with pytest.raises(DependencyError, match="not connected"):
            await reader.commit(found)
        await reader.start()
        again = await read(reader, 6)

    assert sorted(numbers(again)) == sorted(numbers(found))
