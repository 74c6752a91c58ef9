"""The port through which services read events; the adapters are told apart by nobody.

Adapters: ``reader_postgres`` (the ledger itself), ``kafka.reader`` (a broker), ``testing`` (fake).
All of them pass tests/contract/test_event_reader.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Record:
    """One event as it lies in a log, not decoded: bad bytes must reach the dead letters.

    ``position`` means something to its adapter only; ``time`` is when the event was written
    (PostgreSQL) or reached the broker (Kafka).
    """

    topic: str
    partition: int
    position: str
    key: str | None
    value: bytes | None
    time: datetime
    headers: Mapping[str, bytes] = field(default_factory=dict)


class EventReader(Protocol):
    """One member of a consumer group.

    At least once: what is not committed comes again after a restart or a new assignment. A record
    of one key comes after the earlier ones of this key in its topic. A new group starts at the
    beginning. ``poll`` never gives a record twice within one assignment.
    """

    @property
    def assignment_epoch(self) -> int:
        """Return a number that rises with each loss of the assignment.

        A batch polled under a lower one is stale: the rest of it may be dropped, it comes again.
        """
        ...

    async def start(self) -> None:
        """Join the group. Raises DependencyError when that is not possible now; call again."""
        ...

    async def poll(self, *, max_records: int, timeout_s: float) -> Sequence[Record]:
        """Return the next records, at most ``max_records``; none when ``timeout_s`` passed.

        None also while another member has it all: polling goes on for ever. Never cancelled but
        to stop. Raises DependencyError when the log is out of reach; call again later.
        """
        ...

    async def commit(self, done: Sequence[Record]) -> None:
        """Note that everything up to each record of its topic and partition is done.

        Records of partitions lost meanwhile are skipped with a warning. Raises DependencyError
        when it is unknown whether the log took it: the records may come again.
        """
        ...

    async def lag(self) -> int:
        """Return how many records of this member's partitions are not committed.

        At most 100,000 is counted where counting costs.
        """
        ...

    async def stop(self) -> None:
        """Leave the group; commit first. Returns in bounded time and never raises."""
        ...
