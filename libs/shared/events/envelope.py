"""The envelope: CloudEvents 1.0 in structured JSON (github.com/cloudevents/spec, v1.0.2).

``type`` is the topic without a version, the version is in ``dataschema``. The same bytes come
from PostgreSQL and from Kafka, and an event keeps its id when it is published again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import PermanentError
from shared.events import types
from shared.events.event import Event, schema_uri

CONTENT_TYPE = b"application/cloudevents+json; charset=UTF-8"
_CLASSES = {schema_uri(each.topic, each.version): each for each in types.ALL}


class UndecodableError(PermanentError):
    """These bytes are no event that this version knows."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One decoded event with what is known about it."""

    id: UUID
    source: str
    time: datetime
    data: Event

    @property
    def topic(self) -> str:
        """Return the topic, which is the CloudEvents type."""
        return self.data.topic


class _CloudEvent(BaseModel):
    model_config = ConfigDict(extra="ignore")

    specversion: str
    id: UUID
    source: str
    type: str
    time: datetime
    dataschema: str
    data: dict[str, Any]


def cloud_event(row: Mapping[str, Any], *, source: str) -> bytes:
    """Return the CloudEvent of a row of ``event_log`` (event_id, topic, key, time, data, headers).

    ``source`` says which ledger wrote it.
    """
    document = {
        "specversion": "1.0",
        "id": str(row["event_id"]),
        "source": source,
        "type": row["topic"],
        "subject": row["key"],
        "time": row["time"].isoformat(),
        "datacontenttype": "application/json",
        "dataschema": row["headers"].get("dataschema", ""),
        "data": row["data"],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def decode(value: bytes | None) -> Envelope:
    """Return the event in ``value``; raise UndecodableError, which belongs in the dead letters."""
    try:
        event = _CloudEvent.model_validate_json(value or b"")
        kind = _CLASSES.get(event.dataschema)
        if kind is None or kind.topic != event.type:
            raise UndecodableError(f"no class for {event.type!r} with {event.dataschema!r}")
        data = kind.model_validate(event.data)
    except ValidationError as error:
        raise UndecodableError(_first_fault(error)) from error
    return Envelope(id=event.id, source=event.source, time=event.time, data=data)


def traceparent(key: str, event_id: UUID) -> str:
    """Return the W3C trace context: all events of one asset or job are one trace."""
    try:
        trace = UUID(key).hex
    except ValueError:
        trace = event_id.hex
    return f"00-{trace}-{event_id.hex[16:]}-01"


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{error.title}: {where}: {fault['msg']}" if where else f"{error.title}: {fault['msg']}"
