import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import events
from shared.events import envelope

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EVENT_ID = UUID("0192f0c4-9d3e-7b61-8a53-2f1f6f0f9a11")


def row_of(event: events.Event) -> dict[str, Any]:
    return {
        "event_id": EVENT_ID,
        "topic": event.topic,
        "key": event.key,
        "time": NOW,
        "data": event.model_dump(mode="json"),
        "headers": {"dataschema": events.schema_uri(event.topic, event.version)},
    }


@pytest.mark.parametrize("kind", events.ALL, ids=lambda kind: kind.__name__)
def test_every_example_survives_the_envelope(kind: type[events.Event]) -> None:
    event = kind.model_validate(kind.example)

    read = events.decode(envelope.cloud_event(row_of(event), source="urn:uuid:1"))

    assert read == events.Envelope(EVENT_ID, "urn:uuid:1", NOW, event)


@pytest.mark.parametrize("kind", events.ALL, ids=lambda kind: kind.__name__)
def test_every_example_names_every_field(kind: type[events.Event]) -> None:
    assert set(kind.example) == set(kind.model_fields)


def test_every_topic_has_an_event_and_every_event_a_topic() -> None:
    assert {kind.topic for kind in events.ALL} == set(events.TOPICS)


def test_every_version_of_a_topic_has_one_class() -> None:
    schemas = [events.schema_uri(kind.topic, kind.version) for kind in events.ALL]

    assert len(schemas) == len(set(schemas))


@pytest.mark.parametrize("kind", events.ALL, ids=lambda kind: kind.__name__)
def test_the_key_is_what_the_registry_says(kind: type[events.Event]) -> None:
    field = events.TOPICS[kind.topic].key.replace(" ", "_")

    assert kind.model_validate(kind.example).key == str(kind.example[field])


def test_a_reader_ignores_fields_it_does_not_know() -> None:
    event = events.JobRequestedV1.model_validate(events.JobRequestedV1.example)
    row = row_of(event)
    row["data"]["added_later"] = 1

    assert events.decode(envelope.cloud_event(row, source="x")).data == event


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"specversion":"1.0"}',
        json.dumps(
            {
                "specversion": "1.0",
                "id": str(EVENT_ID),
                "source": "x",
                "type": "media.asset.ingested",
                "time": "2026-01-01T00:00:00Z",
                "dataschema": "urn:photofactory:event:media.asset.ingested:99",
                "data": {},
            }
        ).encode(),
    ],
)
def test_what_is_no_event_is_refused_by_name(value: bytes | None) -> None:
    with pytest.raises(events.UndecodableError):
        events.decode(value)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(value: bytes) -> None:
    with pytest.raises(events.UndecodableError):
        events.decode(value)


def test_the_error_names_the_field() -> None:
    event = events.JobRequestedV1.model_validate(events.JobRequestedV1.example)
    row = row_of(event)
    row["data"]["job_id"] = "none"

    with pytest.raises(events.UndecodableError, match="JobRequestedV1: job_id"):
        events.decode(envelope.cloud_event(row, source="x"))


def test_all_events_of_one_asset_are_one_trace() -> None:
    asset = "0192f0c4-9d3e-7b61-8a53-2f1f6f0f9a11"

    version, trace, span, flags = envelope.traceparent(asset, EVENT_ID).split("-")

    assert (version, trace, flags) == ("00", UUID(asset).hex, "01")
    assert span == EVENT_ID.hex[16:]


def test_an_event_about_no_uuid_is_its_own_trace() -> None:
    assert envelope.traceparent("inbox:a", EVENT_ID).split("-")[1] == EVENT_ID.hex
