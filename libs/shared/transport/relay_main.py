"""The relay's process: ``python -m shared.transport.relay_main``; only where a broker is used."""

import sys
from collections.abc import Sequence

from pydantic import Field

from shared import heartbeat, service, settings
from shared.events import TOPICS
from shared.transport import relay
from shared.transport.kafka.publisher import KafkaEventPublisher
from shared.transport.reader_postgres import PostgresEventReader


class RelaySettings(settings.Settings):
    """A relay without a broker makes no sense."""

    kafka_bootstrap_servers: str = Field(description="HOST:PORT of the broker.")


def build(context: service.Context[RelaySettings]) -> Sequence[service.Loop]:
    """Return the one loop of the relay."""
    topics = list(TOPICS)

    async def run(pulse: heartbeat.Pulse) -> None:
        copying = relay.Relay(
            PostgresEventReader(context.database, relay.GROUP, topics),
            KafkaEventPublisher(context.settings.kafka_bootstrap_servers),
            database=context.database,
            topics=topics,
            clock=context.clock,
        )
        await copying.run(is_stopping=lambda: context.stop.is_requested, beat=pulse.succeeded)

    return [service.Loop("relay", run)]


def main() -> int:
    """Return the exit code of the process."""
    return service.run("relay", RelaySettings, build)


if __name__ == "__main__":
    sys.exit(main())
