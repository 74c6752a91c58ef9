from datetime import UTC, datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa

from shared import events
from shared.database import Database
from shared.errors import UserError
from shared.events import envelope
from shared.stages import stages
from shared.transport import dead_letters
from shared.transport.event_reader import Record

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def record(value: bytes | None, *, position: str = "7", partition: int = 2) -> Record:
    headers = {"traceparent": b"\xfe\x00"}
    return Record("media.asset.ingested", partition, position, "key", value, NOW, headers)


def keep(database: Database, kept: Record, *, service: str = stages.THUMBNAILED.service) -> None:
    with database.transaction() as session:
        error = events.UndecodableError("no class for \x00")
        dead_letters.keep(session, service=service, record=kept, error=error, now=NOW)


def ingested(asset_id: str) -> Record:
    example = events.AssetIngestedV1.example | {"asset_id": asset_id}
    event = events.AssetIngestedV1.model_validate(example)
    row = {
        "event_id": uuid4(),
        "topic": event.topic,
        "key": event.key,
        "time": NOW,
        "data": event.model_dump(mode="json"),
        "headers": {"dataschema": events.schema_uri(event.topic, event.version)},
    }
    return record(envelope.cloud_event(row, source="test"))


def asset(database: Database) -> str:
    with database.transaction() as session:
        found = session.execute(
            sa.text(
                "insert into media_assets (file_hash, original_name, original_path, final_path,"
                " size_bytes, relative_path) values (repeat('a', 64), 'a', 'a', 'a', 1, 'a')"
                " returning id"
            )
        )
        return str(found.scalar_one())


def test_a_letter_is_kept_byte_for_byte(database: Database) -> None:
    keep(database, record(b"\x00\xff"))

    with database.read() as session:
        (letter,) = dead_letters.find(session)

    assert (letter.value, letter.key, letter.attempts) == (b"\x00\xff", b"key", 1)
    assert letter.headers == {"traceparent": "/gA="}
    assert letter.error == "UndecodableError"


def test_the_same_record_again_only_counts(database: Database) -> None:
    keep(database, record(b"x"))
    keep(database, record(b"x"))

    with database.read() as session:
        assert [letter.attempts for letter in dead_letters.find(session)] == [2]


@pytest.mark.parametrize(
    "other",
    [record(b"y"), record(b"x", partition=1), record(b"x", position="8")],
    ids=["after the broker was wiped", "of another partition", "at another position"],
)
def test_another_record_is_another_letter(database: Database, other: Record) -> None:
    keep(database, record(b"x"))
    keep(database, other)

    with database.read() as session:
        assert len(dead_letters.find(session)) == 2


def test_a_letter_that_still_cannot_be_read_stays_open(database: Database) -> None:
    keep(database, record(b"x"))
    with database.read() as session:
        (letter,) = dead_letters.find(session)

    with pytest.raises(UserError, match="still cannot"), database.transaction() as session:
        dead_letters.replay(session, letter.id, now=NOW)

    with database.read() as session:
        assert len(dead_letters.find(session)) == 1


def test_replay_makes_the_stage_of_that_one_service_due(database: Database) -> None:
    asset_id = asset(database)
    keep(database, ingested(asset_id))
    with database.transaction() as session:
        session.execute(
            sa.text(
                "insert into asset_stages (asset_id, stage, state, error)"
                " select :id, stage, 'quarantined', 'x'"
                " from unnest(array['thumbnailed', 'backed_up']) stage"
            ),
            {"id": asset_id},
        )

    with database.transaction() as session:
        (letter,) = dead_letters.find(session)
        assert dead_letters.replay(session, letter.id, now=NOW) == "due"

    with database.read() as session:
        left = session.scalars(sa.text("select stage from asset_stages")).all()
        assert list(left) == ["backed_up"]
        assert dead_letters.find(session) == []
        assert len(dead_letters.find(session, state="replayed")) == 1


def test_replay_of_an_asset_that_is_gone_needs_nothing(database: Database) -> None:
    keep(database, ingested(str(uuid4())))

    with database.transaction() as session:
        (letter,) = dead_letters.find(session)
        assert dead_letters.replay(session, letter.id, now=NOW) == "nothing to do"


def test_a_dropped_letter_is_closed_once(database: Database) -> None:
    keep(database, record(b"x"))
    with database.transaction() as session:
        (letter,) = dead_letters.find(session)
        dead_letters.drop(session, letter.id)

    with pytest.raises(UserError, match="dropped already"), database.transaction() as session:
        dead_letters.replay(session, letter.id, now=NOW)


def test_an_unknown_letter_is_named(database: Database) -> None:
    with pytest.raises(UserError, match="not known"), database.transaction() as session:
        dead_letters.drop(session, uuid4())
