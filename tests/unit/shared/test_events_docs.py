import json
from collections.abc import Iterator

from shared import events
from shared.events import asyncapi, docs


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_the_document_names_every_topic_and_event() -> None:
    text = docs.render()

    assert all(f"| `{topic}` |" in text for topic in events.TOPICS)
    assert all(f"## {kind.__name__}\n" in text for kind in events.ALL)


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = json.loads(asyncapi.render())

    found = set(references(document))

    assert found
    for reference in found:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_example_of_the_asyncapi_document_is_an_event() -> None:
    document = json.loads(asyncapi.render())

    examples = [
        message["examples"][0]["payload"] for message in document["components"]["messages"].values()
    ]

    assert {type(events.decode(json.dumps(each).encode()).data) for each in examples} == set(
        events.ALL
    )
