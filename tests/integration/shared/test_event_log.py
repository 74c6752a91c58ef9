import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from shared import event_log, events
from shared.database import Database
from shared.errors import DependencyError, PermanentError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def requested(job_id: UUID) -> events.JobRequestedV1:
    return events.JobRequestedV1(job_id=job_id, job_type="ingest")


def rows(database: Database) -> list[sa.Row[tuple[object, ...]]]:
    with database.read() as session:
        return list(session.execute(sa.text("select * from event_log order by epoch, xid, id")))


def test_events_of_one_call_keep_their_order_and_share_the_transaction(database: Database) -> None:
    jobs = [uuid4() for _ in range(20)]

    with database.transaction() as session:
        event_log.append(session, [requested(job) for job in jobs], now=NOW)

    written = rows(database)
    assert [row.key for row in written] == [str(job) for job in jobs]
    assert len({row.xid for row in written}) == 1
    assert {row.epoch for row in written} == {1}
    assert {UUID(str(row.event_id)).version for row in written} == {7}
    assert {row.time for row in written} == {NOW}


def test_a_row_is_ready_for_receipt_and_reader(database: Database) -> None:
    event = events.AssetIngestedV1.model_validate(events.AssetIngestedV1.example)

    with database.transaction() as session:
        event_log.append(session, [event], now=NOW)

    (row,) = rows(database)
    assert row.asset_id == event.asset_id
    assert row.data == json.loads(event.model_dump_json())
    assert row.headers["dataschema"] == "urn:photofactory:event:media.asset.ingested:1"
    assert row.headers["traceparent"].split("-")[1] == event.asset_id.hex


def test_a_rolled_back_change_leaves_no_event(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as session:
            event_log.append(session, [requested(uuid4())], now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert rows(database) == []


def test_nothing_to_tell_is_no_statement(database: Database) -> None:
    with database.transaction() as session:
        event_log.append(session, [], now=NOW)

        assert not session.execute(sa.text("select pg_current_xact_id_if_assigned()")).scalar()


def test_nobody_writes_into_a_restored_ledger(database: Database) -> None:
    with database.transaction() as session:
        session.execute(sa.text("update ledger set system_identifier = 'another'"))

    with pytest.raises(DependencyError, match="photofactory up"), database.transaction() as session:
        event_log.append(session, [requested(uuid4())], now=NOW)

    assert rows(database) == []


def test_an_event_that_no_broker_takes_is_refused(database: Database) -> None:
    event = events.AuditV1(
        subject="a:b", action="c", actor="d", details={"text": "x" * event_log.MAX_EVENT_BYTES}
    )

    with pytest.raises(PermanentError), database.transaction() as session:
        event_log.append(session, [event], now=NOW)


def test_a_transaction_that_writes_has_an_age_until_it_ends(database: Database) -> None:
    with database.transaction() as writing:
        event_log.append(writing, [requested(uuid4())], now=NOW)
        with database.read() as session:
            assert event_log.horizon_age_s(session) > 0
