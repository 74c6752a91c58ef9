"""The relay between a real ledger and a broker in memory or a real one."""

import json
from collections.abc import Callable

import pytest

import event_logs
from event_logs import NOW, Note, notes, numbers, read, running
from hand_clock import HandClock
from kafka_broker import KafkaBroker
from shared import event_log, events
from shared.database import Database
from shared.errors import DependencyError
from shared.events import Topic
from shared.testing import FakeLog, FakePublisher, FakeReader
from shared.transport import cursors, relay
from shared.transport.event_reader import EventReader
from shared.transport.kafka.publisher import KafkaEventPublisher
from shared.transport.kafka.reader import KafkaEventReader
from shared.transport.publisher import EventPublisher
from shared.transport.reader_postgres import PostgresEventReader


def relay_to(
    publisher: EventPublisher, database: Database, clock: HandClock | None = None
) -> relay.Relay:
    return relay.Relay(
        PostgresEventReader(database, relay.GROUP, event_logs.TOPICS),
        publisher,
        database=database,
        topics=event_logs.TOPICS,
        clock=clock or HandClock(),
    )


async def copy_all(copying: relay.Relay, database: Database) -> None:
    """One run of the relay that ends when nothing is left.

    An empty poll would say less: other transactions of the server may hold events back.
    """

    def is_done() -> bool:
        with database.read() as session:
            return cursors.lag(session, relay.GROUP, event_logs.TOPICS) == 0

    await copying.run(is_stopping=is_done, beat=lambda _: None, poll_s=0.2)


async def copy(copying: relay.Relay, count: int) -> None:
    """Copy the next `count` events with a relay that goes on running."""
    while count > 0:
        count -= await copying.copy(timeout_s=0.2)
    assert count == 0


def write(database: Database, *events_: Note) -> None:
    """In one transaction, so that they are read in one batch."""
    with database.transaction() as session:
        event_log.append(session, events_, now=NOW)


def ids(log: FakeLog) -> list[str]:
    return [json.loads(r.value or b"")["id"] for lane in log.partitions.values() for r in lane]


async def test_every_event_is_published_once(database: Database) -> None:
    write(database, *notes(("a", 1), ("b", 2)))
    publisher = FakePublisher(FakeLog())

    await copy_all(relay_to(publisher, database), database)
    write(database, *notes(("a", 3)))
    await copy_all(relay_to(publisher, database), database)

    assert numbers(publisher.published) == [1, 2, 3]
    assert len(set(ids(publisher.log))) == 3


async def test_a_broker_that_fails_in_between_gets_the_same_events_again(
    database: Database,
) -> None:
    write(database, *notes(("a", 1), ("a", 2), ("a", 3)))
    publisher = FakePublisher(FakeLog())
    publisher.fail_after = 2

    with pytest.raises(DependencyError):
        await copy_all(relay_to(publisher, database), database)
    await copy_all(relay_to(publisher, database), database)

    assert numbers(publisher.published) == [1, 2, 1, 2, 3]
    assert len(set(ids(publisher.log))) == 3


async def test_a_relay_killed_between_acknowledgement_and_cursor_skips_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(database, *notes(("a", 1), ("a", 2)))
    publisher = FakePublisher(FakeLog())

    async def die(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as killed:
        killed.setattr(PostgresEventReader, "commit", die)
        with pytest.raises(ZeroDivisionError):
            await copy_all(relay_to(publisher, database), database)
    await copy_all(relay_to(publisher, database), database)

    assert numbers(publisher.published) == [1, 2, 1, 2]
    assert len(set(ids(publisher.log))) == 2


async def test_another_broker_gets_everything(database: Database) -> None:
    write(database, *notes(("a", 1), ("b", 2)))
    old, new = FakePublisher(FakeLog("old")), FakePublisher(FakeLog("new"))

    await copy_all(relay_to(old, database), database)
    await copy_all(relay_to(new, database), database)
    write(database, *notes(("a", 3)))
    await copy_all(
        relay_to(old, database), database
    )  # without what only the new one got, it is no better

    assert numbers(new.published) == [1, 2]
    assert numbers(old.published) == [1, 2, 1, 2, 3]


async def test_a_broker_wiped_while_the_relay_runs_is_noticed(database: Database) -> None:
    write(database, *notes(("a", 1), ("b", 2)))
    publisher, clock = FakePublisher(FakeLog()), HandClock()
    copying = relay_to(publisher, database, clock)

    await copying.start()
    await copy(copying, 2)
    publisher.log.partitions.clear()
    clock.pass_by(relay.COMPARE_EVERY_S + 1)
    await copy(copying, 2)
    await copy_all(copying, database)

    assert sorted(numbers([r for lane in publisher.log.partitions.values() for r in lane])) == [
        1,
        2,
    ]


async def test_a_second_relay_publishes_nothing(database: Database) -> None:
    write(database, *notes(("a", 1)))
    publisher = FakePublisher(FakeLog())
    first, second = relay_to(publisher, database), relay_to(publisher, database)

    await first.start()
    await second.start()

    await copy(first, 1)
    assert await second.copy(timeout_s=0) == 0
    await copy_all(first, database)
    await copy_all(second, database)


async def test_from_the_ledger_to_a_broker_and_back_nothing_is_missed(database: Database) -> None:
    """`up`, then `up --kafka`, then `up`, then `up --kafka`: the group sees every event."""
    log, seen = FakeLog(), set[int]()
    publisher = FakePublisher(log)

    async def drain(reader: EventReader, count: int, *, leave: int = 0) -> None:
        async with running(reader):
            found = await read(reader, count)
            done = found[: count - leave]
            seen.update(numbers(done))
            await reader.commit(done)

    def in_ledger() -> EventReader:
        return PostgresEventReader(database, "service", event_logs.TOPICS)

    write(database, *notes(("a", 1), ("b", 2), ("a", 3)))
    await drain(in_ledger(), 3, leave=1)
    assert seen == {1, 2}

    await copy_all(relay_to(publisher, database), database)  # 3 was left in the ledger
    assert numbers(publisher.published) == [3]
    write(database, *notes(("b", 4)))
    await copy_all(relay_to(publisher, database), database)
    await drain(FakeReader(log, "service", event_logs.TOPICS), 2)
    assert seen == {1, 2, 3, 4}

    write(database, *notes(("a", 5)))  # neither copied nor read by way of the broker
    await drain(in_ledger(), 3)
    assert seen == {1, 2, 3, 4, 5}

    write(database, *notes(("b", 6)))
    await copy_all(relay_to(publisher, database), database)
    await drain(FakeReader(log, "service", event_logs.TOPICS), 2)
    assert seen == {1, 2, 3, 4, 5, 6}


def topics() -> list[Topic]:
    return [events.Topic(name, "test", partitions=2) for name in event_logs.TOPICS]


def relay_to_kafka(broker: KafkaBroker, database: Database) -> relay.Relay:
    return relay_to(KafkaEventPublisher(broker.address, topics=topics()), database)


async def test_a_real_broker_that_is_wiped_gets_everything_again(
    database: Database, new_broker: Callable[[], KafkaBroker]
) -> None:
    broker = new_broker()
    write(database, *notes(("a", 1), ("b", 2)))

    await copy_all(relay_to_kafka(broker, database), database)
    broker.wipe()
    broker.start()
    write(database, *notes(("a", 3)))
    await copy_all(relay_to_kafka(broker, database), database)

    reader = KafkaEventReader(broker.address, "group", event_logs.TOPICS)
    async with running(reader):
        found = await read(reader, 3)
    assert sorted(numbers(found)) == [1, 2, 3]


async def test_a_broker_that_is_away_is_named(database: Database) -> None:
    nobody = KafkaEventPublisher("127.0.0.1:1", topics=topics())

    with pytest.raises(DependencyError, match="kafka"):
        await copy_all(relay_to(nobody, database), database)
