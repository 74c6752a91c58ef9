"""What every `EventReader` does; services cannot tell the adapters apart."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

import event_logs
from event_logs import SecondNote, notes, number, numbers, read, read_until, running


@pytest.fixture(params=["fake", "postgres", "kafka"])
async def log(request: pytest.FixtureRequest) -> AsyncIterator[event_logs.Log]:
    if request.param == "fake":
        yield event_logs.InMemory()
    elif request.param == "postgres":
        yield event_logs.InPostgres(request.getfixturevalue("database"))
    else:
        kafka = event_logs.InKafka(request.getfixturevalue("kafka"))
        await kafka.open()
        yield kafka
        await kafka.close()


async def test_a_new_group_reads_everything_once_from_the_beginning(log: event_logs.Log) -> None:
    written = [*notes(*[(f"key {i % 5}", i) for i in range(20)])]
    written += [SecondNote(note_key=f"key {i % 5}", number=i) for i in range(20, 40)]
    await log.write(written)
    reader = log.reader("new")

    async with running(reader):
        found = await read(reader, 40)
        nothing = await reader.poll(max_records=10, timeout_s=0)

    assert sorted(numbers(found)) == list(range(40))
    assert list(nothing) == []


@pytest.mark.parametrize("seed", [1, 2])
async def test_records_of_one_key_keep_their_order(log: event_logs.Log, seed: int) -> None:
    keys = [f"key {i}" for i in range(6)] * 8
    random.Random(seed).shuffle(keys)  # noqa: S311  an order that can be repeated
    await log.write(notes(*zip(keys, range(len(keys)), strict=True)))
    reader = log.reader("ordered")

    async with running(reader):
        found = await read(reader, len(keys))

    for key in set(keys):
        of_key = [number(record) for record in found if record.key == key]
        assert of_key == sorted(of_key)


async def test_a_record_says_where_it_stands_and_what_it_is(log: event_logs.Log) -> None:
    await log.write(notes(("a", 1)))
    reader = log.reader("facts")

    async with running(reader):
        (record,) = await read(reader, 1)

    assert record.key == "a"
    assert record.topic.endswith("contract.first")
    assert record.position
    assert record.time.tzinfo is not None
    assert "dataschema" in record.headers


async def test_a_poll_gives_no_more_than_asked(log: event_logs.Log) -> None:
    await log.write(notes(*[(f"key {i}", i) for i in range(10)]))
    reader = log.reader("few")

    async with running(reader):
        rest: list[int] = []
        while len(rest) < 10:
            found = await reader.poll(max_records=3, timeout_s=1)
            assert len(found) <= 3
            rest += numbers(found)

    assert sorted(rest) == list(range(10))


async def test_a_waiting_poll_ends_with_the_next_record(log: event_logs.Log) -> None:
    await log.write(notes(("a", 1)))
    reader = log.reader("waiting")

    async with running(reader):
        await read(reader, 1)
        waiting = asyncio.ensure_future(reader.poll(max_records=10, timeout_s=event_logs.LIMIT_S))
        await log.write(notes(("a", 2)))
        found = await waiting

    assert numbers(found) == [2]


async def test_what_is_not_committed_comes_again_and_nothing_else(log: event_logs.Log) -> None:
    await log.write(notes(*[(f"key {i % 4}", i) for i in range(12)]))
    first, second = log.reader("group"), log.reader("group")

    async with running(first):
        found = await read(first, 12)
        await first.commit(found[:5])
    async with running(second):
        again = await read(second, 7)

    assert sorted(numbers(again)) == sorted(numbers(found[5:]))


async def test_a_commit_outlives_the_reader(log: event_logs.Log) -> None:
    await log.write(notes(("a", 1), ("b", 2)))
    first, second = log.reader("group"), log.reader("group")

    async with running(first):
        await first.commit(await read(first, 2))
    await log.write(notes(("a", 3)))
    async with running(second):
        found = await read(second, 1)

    assert numbers(found) == [3]


async def test_a_reader_can_be_started_again(log: event_logs.Log) -> None:
    await log.write(notes(("a", 1)))
    reader = log.reader("group")

    async with running(reader):
        before = await read(reader, 1)
        epoch = reader.assignment_epoch
        await reader.stop()
        await reader.start()
        after = await read(reader, 1)

    assert numbers(before) == numbers(after) == [1]
    assert reader.assignment_epoch > epoch


async def test_groups_do_not_know_each_other(log: event_logs.Log) -> None:
    await log.write(notes(("a", 1), ("b", 2)))
    one, two = log.reader("one"), log.reader("two")

    async with running(one, two):
        await one.commit(await read(one, 2))
        found = await read(two, 2)

    assert sorted(numbers(found)) == [1, 2]


async def test_two_members_of_a_group_read_everything_together(log: event_logs.Log) -> None:
    await log.write(notes(*[(f"key {i}", i) for i in range(20)]))
    one, two = log.reader("pair"), log.reader("pair")

    async with running(one, two):
        found = await read_until([one, two], lambda found: set(numbers(found)) == set(range(20)))

    assert {record.topic for record in found} == {found[0].topic}


async def test_a_member_takes_over_what_another_left_undone(log: event_logs.Log) -> None:
    await log.write(notes(*[(f"key {i}", i) for i in range(12)]))
    one, two = log.reader("pair"), log.reader("pair")

    async with running(one):
        found = await read(one, 12)
        await one.commit(found[:4])
        await one.stop()
        async with running(two):
            left = await read(two, 8)

    assert sorted(numbers(left)) == sorted(numbers(found[4:]))


async def test_lag_counts_what_is_not_committed(log: event_logs.Log) -> None:
    await log.write(notes(*[(f"key {i}", i) for i in range(9)]))
    reader = log.reader("lagging")

    async with running(reader):
        found = await read(reader, 9)
        before = await reader.lag()
        await reader.commit(found[:4])
        between = await reader.lag()
        await reader.commit(found)
        after = await reader.lag()

    assert (before, between, after) == (9, 5, 0)


async def test_committing_nothing_changes_nothing(log: event_logs.Log) -> None:
    await log.write(notes(("a", 1)))
    reader = log.reader("group")

    async with running(reader):
        await read(reader, 1)
        await reader.commit([])

        assert await reader.lag() == 1
