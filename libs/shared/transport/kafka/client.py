"""What reader and publisher share: names of errors, bounded waits, topics, facts of the broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.errors import DependencyError
from shared.events import Topic
from shared.transport.publisher import Broker

REQUEST_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
DAY_MS = 24 * 3600 * 1000

Result = TypeVar("Result")

_log = structlog.get_logger()


async def within(timeout_s: float, what: str, work: Awaitable[Result]) -> Result:
    """Return the result of ``work``; raise DependencyError when it fails or takes longer.

    Not for polls: a cancelled poll breaks the client (see the reader).
    """
    try:
        return await asyncio.wait_for(work, timeout_s)
    except TimeoutError as error:
        raise DependencyError("kafka", f"{what} took longer than {timeout_s:g} s") from error
    except (KafkaError, OSError) as error:
        raise DependencyError("kafka", f"{what}: {error!r}") from error


async def end(work: Awaitable[Any]) -> None:
    """Wait for the end of a client, at most STOP_TIMEOUT_S; a broken one may not be able to."""
    try:
        await asyncio.wait_for(work, STOP_TIMEOUT_S)
    except (TimeoutError, KafkaError, OSError) as error:
        _log.warning("kafka.stop_abandoned", error=repr(error))


@asynccontextmanager
async def admin(bootstrap_servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Give a connected administrator."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await within(REQUEST_TIMEOUT_S, "connecting", client.start())
        yield client
    finally:
        await end(client.close())


async def create_topics(bootstrap_servers: str, topics: Iterable[Topic]) -> None:
    """Create the topics that are missing, on up to three brokers; others stay as they are."""
    async with admin(bootstrap_servers) as client:
        facts = await within(REQUEST_TIMEOUT_S, "describing", client.describe_cluster())
        replicas = min(3, len(facts["brokers"]))
        wanted = [_new_topic(topic, replicas) for topic in topics]
        answer = await within(REQUEST_TIMEOUT_S, "creating topics", client.create_topics(wanted))
    for name, code, *_ in answer.topic_errors:
        kind = for_code(code)
        if code and kind is not TopicAlreadyExistsError:
            raise DependencyError("kafka", f"topic {name} cannot be created: {kind.__name__}")


def _new_topic(topic: Topic, replicas: int) -> NewTopic:
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replicas,
        topic_configs={
            "retention.ms": str(topic.retention_days * DAY_MS),
            # an old event that is published again must not be too old at once
            "message.timestamp.type": "LogAppendTime",
        },
    )


async def missing_topics(bootstrap_servers: str, topics: Sequence[str]) -> set[str]:
    """Return which of ``topics`` the broker does not have."""
    async with admin(bootstrap_servers) as client:
        return set(topics) - set(
            await within(REQUEST_TIMEOUT_S, "listing topics", client.list_topics())
        )


async def broker(bootstrap_servers: str, topics: Sequence[str]) -> Broker:
    """Return which cluster this is, and where the log of every partition ends."""
    async with admin(bootstrap_servers) as client:
        facts = await within(REQUEST_TIMEOUT_S, "describing", client.describe_cluster())
        described = await within(
            REQUEST_TIMEOUT_S, "describing topics", client.describe_topics(list(topics))
        )
    partitions = [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    ]
    ends = await _end_offsets(bootstrap_servers, partitions)
    return Broker(
        cluster_id=str(facts["cluster_id"]),
        end_offsets={(place.topic, place.partition): offset for place, offset in ends.items()},
    )


async def _end_offsets(
    bootstrap_servers: str, partitions: Sequence[TopicPartition]
) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    try:
        await within(REQUEST_TIMEOUT_S, "connecting", consumer.start())
        ends: dict[TopicPartition, int] = await within(
            REQUEST_TIMEOUT_S, "asking for the ends", consumer.end_offsets(partitions)
        )
        return ends
    finally:
        await end(consumer.stop())
