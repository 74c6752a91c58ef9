"""The loop over the log alone; with a ledger it is tested in integration/shared/test_stage_loop."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared import events
from shared.stages import consumer
from shared.transport.event_reader import Record

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def delivery(partition: int, position: int, *, is_finished: bool) -> consumer.Delivery:
    record = Record("t", partition, str(position), None, b"{}", NOW)
    return consumer.Delivery(record, None, is_finished=is_finished)


BATCHES = st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=30)


@given(BATCHES)
def test_a_committed_position_never_passes_an_unfinished_record(
    batch: Sequence[tuple[int, bool]],
) -> None:
    deliveries = [
        delivery(partition, position, is_finished=is_finished)
        for position, (partition, is_finished) in enumerate(batch)
    ]

    ends = {end.partition: int(end.position) for end in consumer.unbroken(deliveries)}

    for each in deliveries:
        committed = ends.get(each.record.partition, -1)
        if not each.is_finished:
            assert int(each.record.position) > committed
    for partition, end in ends.items():
        after = [
            each
            for each in deliveries
            if each.record.partition == partition and int(each.record.position) > end
        ]
        assert not after or not after[0].is_finished


def test_what_is_no_event_is_delivered_with_its_error() -> None:
    delivered = consumer.decoded(Record("t", 0, "0", None, b"\xff", NOW))

    assert delivered.envelope is None
    assert isinstance(delivered.error, events.UndecodableError)
