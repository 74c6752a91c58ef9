"""Which log a service reads is one setting; nothing else knows."""

from collections.abc import Sequence

from shared.database import Database
from shared.transport.event_reader import EventReader
from shared.transport.reader_postgres import PostgresEventReader


def open_reader(
    database: Database, kafka_bootstrap_servers: str | None, *, group: str, topics: Sequence[str]
) -> EventReader:
    """Return a reader of the broker, or of the ledger itself when there is none; not started."""
    if not kafka_bootstrap_servers:
        return PostgresEventReader(database, group, topics)
    from shared.transport.kafka.reader import KafkaEventReader

    return KafkaEventReader(kafka_bootstrap_servers, group, topics)
