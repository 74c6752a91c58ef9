import asyncio
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa

import event_logs
from event_logs import notes, numbers, read, running
from shared import event_log, events
from shared.database import Database
from shared.errors import DependencyError
from shared.transport import cursors, epoch, reader_postgres
from shared.transport.reader_postgres import PostgresEventReader

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def log(database: Database) -> event_logs.InPostgres:
    return event_logs.InPostgres(database)


def stored(database: Database, group: str) -> cursors.Cursor:
    with database.read() as session:
        return cursors.load(session, group, event_logs.TOPICS)[event_logs.Note.topic]


def cut_connections(database: Database) -> None:
    """End the sessions that listen, as a restart of the server would."""
    with database.transaction() as session:
        ended = session.scalars(
            sa.text(
                "select pg_terminate_backend(l.pid, 60000) from pg_locks l"
                " where l.locktype = 'advisory' and l.database ="
                " (select oid from pg_database where datname = current_database())"
            )
        ).all()
    assert ended
    assert all(ended)


async def test_an_event_that_commits_late_is_not_skipped(
    database: Database, log: event_logs.InPostgres
) -> None:
    reader = log.reader("group")

    async with running(reader):
        with database.transaction() as early:
            event_log.append(early, notes(("a", 1)), now=NOW)
            await log.write(notes(("b", 2)))
            before = await reader.poll(max_records=10, timeout_s=0)
        after = await read(reader, 2)

    assert list(before) == []
    assert numbers(after) == [1, 2]


async def test_waiting_events_come_as_soon_as_an_older_transaction_ends(
    database: Database, log: event_logs.InPostgres
) -> None:
    reader = log.reader("group")

    async with running(reader):
        with database.transaction() as other:
            other.execute(sa.text("select pg_current_xact_id()"))
            await log.write(notes(("a", 1)))
            waiting = asyncio.ensure_future(reader.poll(max_records=1, timeout_s=60))
            await asyncio.sleep(0)
        found = await waiting  # nobody announces the end of the other one

    assert numbers(found) == [1]


async def test_a_rolled_back_event_is_never_read(
    database: Database, log: event_logs.InPostgres
) -> None:
    def fail() -> None:
        with database.transaction() as session:
            event_log.append(session, notes(("a", 1)), now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    await log.write(notes(("a", 2)))
    reader = log.reader("group")

    async with running(reader):
        assert numbers(await read(reader, 1)) == [2]


async def test_a_lost_connection_is_said_and_what_was_not_committed_comes_again(
    database: Database, log: event_logs.InPostgres
) -> None:
    await log.write(notes(("a", 1), ("a", 2)))
    reader = log.reader("group")

    async with running(reader):
        found = await read(reader, 2)
        await reader.commit(found[:1])
        before = reader.assignment_epoch
        cut_connections(database)
        with pytest.raises(DependencyError, match="database"):
            await reader.poll(max_records=10, timeout_s=60)
        again = await read(reader, 1)

    assert numbers(again) == [2]
    assert reader.assignment_epoch > before


async def test_who_lost_the_group_moves_no_cursor(
    database: Database, log: event_logs.InPostgres
) -> None:
    await log.write(notes(("a", 1), ("a", 2)))
    old, new = log.reader("group"), log.reader("group")

    async with running(old):
        found = await read(old, 2)
        cut_connections(database)
        async with running(new):
            await read(new, 2)
            with pytest.raises(DependencyError):
                await old.commit(found)
            await old.commit(found)

            assert stored(database, "group") == cursors.BEGINNING


async def test_only_one_member_is_active(log: event_logs.InPostgres) -> None:
    await log.write(notes(("a", 1)))
    active, standby = log.reader("group"), log.reader("group")

    async with running(active, standby):
        first = await read(active, 1)
        second = await standby.poll(max_records=10, timeout_s=0)

    assert numbers(first) == [1]
    assert list(second) == []


async def test_a_commit_never_moves_back(database: Database, log: event_logs.InPostgres) -> None:
    await log.write(notes(("a", 1), ("a", 2)))
    reader = log.reader("group")

    async with running(reader):
        found = await read(reader, 2)
        await reader.commit(found)
        await reader.commit(found[:1])

    assert str(stored(database, "group")) == found[1].position


async def test_a_rewound_reader_begins_at_the_beginning(log: event_logs.InPostgres) -> None:
    await log.write(notes(("a", 1), ("a", 2)))
    reader = log.reader("group")
    assert isinstance(reader, PostgresEventReader)

    async with running(reader):
        await reader.commit(await read(reader, 2))
        await reader.rewind(event_logs.TOPICS)
        found = await read(reader, 2)

    assert numbers(found) == [1, 2]


async def test_real_events_can_be_decoded(database: Database) -> None:
    event = events.AuditV1(subject="a:b", action="c", actor="d")
    with database.transaction() as session:
        event_log.append(session, [event], now=NOW)
        ledger = session.execute(sa.text("select ledger_id from ledger")).scalar_one()
    reader = PostgresEventReader(database, "group", [events.AuditV1.topic])

    async with running(reader):
        (record,) = await read(reader, 1)

    assert record.headers["content-type"].startswith(b"application/cloudevents+json")
    assert events.decode(record.value).data == event
    assert events.decode(record.value).source == f"urn:uuid:{ledger}"
    assert events.decode(record.value).time == NOW


async def test_a_row_that_is_no_event_reaches_the_reader_as_it_is(database: Database) -> None:
    with database.transaction() as session:
        session.execute(
            sa.text(
                "insert into event_log (epoch, event_id, topic, key, time, data)"
                " values (1, :id, 'media.audit', 'k', now(), cast(:data as jsonb))"
            ),
            {"id": uuid4(), "data": json.dumps({"what": "?"})},
        )
    reader = PostgresEventReader(database, "group", ["media.audit"])

    async with running(reader):
        (record,) = await read(reader, 1)

    with pytest.raises(events.UndecodableError):
        events.decode(record.value)


def test_a_relay_begins_where_the_slowest_group_stands(database: Database) -> None:
    places = {"slow": cursors.Cursor(1, 10, 5), "fast": cursors.Cursor(1, 90, 7)}
    with database.transaction() as session:
        for group, place in places.items():
            cursors.register(session, group, ["t"])
            cursors.advance(session, group, {"t": place})

        cursors.register_behind_all(session, "relay", ["t", "unread"])
        cursors.advance(session, "slow", {"t": places["fast"]})
        cursors.register_behind_all(session, "relay", ["t", "unread"])

        found = cursors.load(session, "relay", ["t", "unread"])
    assert found == {"t": places["slow"], "unread": cursors.BEGINNING}


async def test_events_of_every_epoch_are_read_in_its_order(
    database: Database, log: event_logs.InPostgres
) -> None:
    reader = log.reader("group")
    await log.write(notes(("a", 1)))
    with database.transaction() as session:  # as after a restore: transactions count from low
        session.execute(sa.text("update event_log set xid = '9000000000'"))
        session.execute(sa.text("update ledger set system_identifier = 'where it was written'"))

    async with running(reader):
        held_back = await reader.poll(max_records=10, timeout_s=0)
        with database.transaction() as session:
            assert epoch.raise_if_moved(session)
        await log.write(notes(("a", 2)))
        found = await read(reader, 2)

    assert list(held_back) == []
    assert numbers(found) == [1, 2]


@pytest.mark.parametrize("prepare", ["select", "analyze event_log"], ids=["young", "analyzed"])
async def test_a_page_is_read_by_the_index_of_its_topic(
    database: Database, log: event_logs.InPostgres, prepare: str
) -> None:
    await log.write([event_logs.SecondNote(note_key="rare", number=0)])
    with database.transaction() as session:
        event_log.append(session, notes(*[("a", number) for number in range(5000)]), now=NOW)
    places = dict.fromkeys(event_logs.TOPICS, cursors.BEGINNING)

    with database.transaction() as session:
        session.execute(sa.text(prepare))
        plan = session.scalars(
            sa.text(f"explain {reader_postgres.READ.text}"),
            {"count": 10} | cursors.arrays(places),
        ).all()

    assert any("Index Scan using idx_event_log_topic on event_log l" in line for line in plan)
