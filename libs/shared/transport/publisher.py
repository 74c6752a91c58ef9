"""The port through which the relay, and nobody else, puts events into a broker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.transport.event_reader import Record

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True, slots=True)
class Broker:
    """What a broker says of itself: which cluster it is, and the next offset of every partition."""

    cluster_id: str
    end_offsets: Mapping[Place, int]


class EventPublisher(Protocol):
    """After any DependencyError it has to be stopped and started again."""

    async def start(self) -> None:
        """Connect, and make sure that every topic of the registry is there."""
        ...

    async def broker(self) -> Broker:
        """Return the facts of the broker now."""
        ...

    async def publish(self, records: Sequence[Record]) -> Mapping[Place, int]:
        """Return the last acknowledged offset of each partition when all are acknowledged.

        After a DependencyError any of them may have been written: publish them again, the ids
        stay the same.
        """
        ...

    async def stop(self) -> None:
        """Disconnect in bounded time; never raises."""
        ...
