"""The events as an AsyncAPI 3.0 document (asyncapi.com/docs/reference/specification/v3.0.0)."""

import json
from datetime import UTC, datetime
from typing import Any

from shared.events import envelope, types
from shared.events.event import Event, schema_uri
from shared.events.topics import TOPICS, Topic

EXAMPLE_ID = "0192f0c4-9d3e-7b61-8a53-00000000e001"
EXAMPLE_TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EXAMPLE_SOURCE = "urn:uuid:0192f0c4-0000-7000-8000-00000000001e"
REFERENCE = "#/components/schemas/{model}"


def render() -> str:
    """Return the document as JSON, the same text for the same classes."""
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Photo Factory events",
            "version": "1",
            "description": "CloudEvents 1.0 in structured JSON. Delivered at least once; no order "
            "is promised across topics.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": {
            f"publish {topic.name}": {
                "action": "send",
                "summary": topic.summary,
                "channel": {"$ref": f"#/channels/{topic.name}"},
            }
            for topic in TOPICS.values()
        },
        "components": {
            "messages": {kind.__name__: _message(kind) for kind in types.ALL},
            "schemas": _schemas(),
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def example(kind: type[Event]) -> dict[str, Any]:
    """Return the whole CloudEvent of the example of ``kind``."""
    data = kind.model_validate(kind.example)
    row = {
        "event_id": EXAMPLE_ID,
        "topic": kind.topic,
        "key": data.key,
        "time": EXAMPLE_TIME,
        "data": kind.example,
        "headers": {"dataschema": schema_uri(kind.topic, kind.version)},
    }
    document: dict[str, Any] = json.loads(envelope.cloud_event(row, source=EXAMPLE_SOURCE))
    return document


def _channel(topic: Topic) -> dict[str, Any]:
    messages = [kind.__name__ for kind in types.ALL if kind.topic == topic.name]
    return {
        "address": topic.name,
        "description": topic.summary,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {"retention.ms": topic.retention_days * 86_400_000},
            }
        },
    }


def _message(kind: type[Event]) -> dict[str, Any]:
    return {
        "name": kind.__name__,
        "title": f"{kind.topic}, version {kind.version}",
        "summary": (kind.__doc__ or "").strip(),
        "contentType": "application/cloudevents+json",
        "headers": {"type": "object", "properties": {"traceparent": {"type": "string"}}},
        "bindings": {
            "kafka": {"key": {"type": "string", "description": TOPICS[kind.topic].key}},
        },
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "time", "dataschema", "data"],
            "properties": {
                "specversion": {"const": "1.0"},
                "id": {"type": "string", "format": "uuid"},
                "source": {"type": "string", "format": "uri-reference"},
                "type": {"const": kind.topic},
                "subject": {"type": "string"},
                "time": {"type": "string", "format": "date-time"},
                "datacontenttype": {"const": "application/json"},
                "dataschema": {"const": schema_uri(kind.topic, kind.version)},
                "data": {"$ref": REFERENCE.format(model=kind.__name__)},
            },
        },
        "examples": [{"name": kind.__name__, "payload": example(kind)}],
    }


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    for kind in types.ALL:
        schema = kind.model_json_schema(ref_template=REFERENCE, mode="serialization")
        schemas |= schema.pop("$defs", {})
        schemas[kind.__name__] = schema
    return schemas
