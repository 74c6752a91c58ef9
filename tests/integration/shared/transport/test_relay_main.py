"""The relay's own process."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from event_logs import read_until, running
from shared import event_log, events
from shared.database import Database
from shared.transport.kafka.publisher import KafkaEventPublisher
from shared.transport.kafka.reader import KafkaEventReader

ROOT = Path(__file__).parents[4]


def started(database_url: str, **settings: str) -> "subprocess.Popen[bytes]":
    given = {f"PHOTOFACTORY_{name.upper()}": value for name, value in settings.items()}
    given |= {"PHOTOFACTORY_DATABASE_URL": database_url, "PYTHONPATH": str(ROOT / "libs")}
    return subprocess.Popen(
        [sys.executable, "-m", "shared.transport.relay_main"],
        env=dict(os.environ) | given,  # noqa: TID251  a child of its own
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )


async def test_the_relay_carries_an_event_to_the_broker(
    database: Database, database_url: str, kafka: str
) -> None:
    event = events.AuditV1(subject=f"test:{uuid4()}", action="a", actor="b")
    with database.transaction() as session:
        event_log.append(session, [event], now=datetime(2026, 1, 2, tzinfo=UTC))
    publisher = KafkaEventPublisher(kafka)
    await publisher.start()  # makes the topics, for which the reader would have to wait
    await publisher.stop()
    reader = KafkaEventReader(kafka, f"test-{uuid4()}", [event.topic])

    with started(database_url, kafka_bootstrap_servers=kafka) as relay:
        try:
            async with running(reader):
                found = await read_until(
                    [reader], lambda found: any(one.key == event.key for one in found)
                )
        finally:
            relay.send_signal(signal.SIGTERM)

    (record,) = [record for record in found if record.key == event.key]
    assert events.decode(record.value).data == event
    assert relay.returncode == 0


def test_a_relay_without_a_broker_says_so(database_url: str) -> None:
    with started(database_url) as relay:
        relay.wait(60)

    assert relay.returncode == 2
