"""Fakes of the ports, held to the same contract tests as the real adapters."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

from shared.errors import DependencyError
from shared.transport.event_reader import Record
from shared.transport.publisher import Broker, Place

PARTITIONS = 3


@dataclass
class FakeLog:
    """A broker in memory: partitions, groups, commits."""

    cluster_id: str = "fake"
    partitions: dict[Place, list[Record]] = field(default_factory=dict)
    commits: dict[tuple[str, Place], int] = field(default_factory=dict)
    members: dict[str, list["FakeReader"]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def write(self, record: Record) -> Record:
        """Return ``record`` as it lies in the log; its key chooses the partition."""
        place = (record.topic, crc32((record.key or "").encode()) % PARTITIONS)
        lane = self.partitions.setdefault(place, [])
        written = replace(record, partition=place[1], position=str(len(lane)))
        lane.append(written)
        self.changed.set()
        return written

    def committed(self, group: str) -> int:
        """Return how many records ``group`` has committed in all partitions."""
        return sum(offset for (name, _), offset in self.commits.items() if name == group)

    def rebalance(self, group: str) -> None:
        """Give the partitions to the members anew, and set them back to the commits."""
        for member in self.members.get(group, []):
            member.revoke()


class FakeReader:
    """A member of a group of a FakeLog.

    ``fail_poll`` and ``fail_commit`` are raised once by the next call; ``polls`` counts the calls.
    """

    def __init__(self, log: FakeLog, group: str, topics: Sequence[str]) -> None:
        self.log = log
        self.group = group
        self.topics = tuple(topics)
        self.fail_poll: Exception | None = None
        self.fail_commit: Exception | None = None
        self.polls = 0
        self.is_started = False
        self._epoch = 0
        self._positions: dict[Place, int] = {}

    @property
    def assignment_epoch(self) -> int:
        """Return how often this member lost its assignment."""
        return self._epoch

    def revoke(self) -> None:
        """Lose the assignment, as in a rebalance; what is not committed comes again."""
        self._epoch += 1
        self._positions.clear()

    async def start(self) -> None:
        """Join the group."""
        self.is_started = True
        members = self.log.members.setdefault(self.group, [])
        if self not in members:
            members.append(self)
        self.log.rebalance(self.group)

    async def poll(self, *, max_records: int, timeout_s: float) -> Sequence[Record]:
        """Return the next records of the member's partitions."""
        self.polls += 1
        if self.fail_poll:
            error, self.fail_poll = self.fail_poll, None
            raise error
        found = self._take(max_records)
        if found:
            return found
        self.log.changed.clear()
        try:
            await asyncio.wait_for(self.log.changed.wait(), timeout_s)
        except TimeoutError:
            return []
        return self._take(max_records)

    async def commit(self, done: Sequence[Record]) -> None:
        """Store the furthest offsets."""
        if self.fail_commit:
            error, self.fail_commit = self.fail_commit, None
            raise error
        mine = set(self._mine())
        for record in done:
            place = (record.topic, record.partition)
            if place in mine:
                key = (self.group, place)
                self.log.commits[key] = max(int(record.position) + 1, self.log.commits.get(key, 0))

    async def lag(self) -> int:
        """Return how many records of this member's partitions are not committed."""
        return sum(
            len(self.log.partitions[place]) - self.log.commits.get((self.group, place), 0)
            for place in self._mine()
        )

    async def rewind(self, topics: Sequence[str]) -> None:
        """Read ``topics`` from the beginning again."""
        for place in self._mine():
            if place[0] in topics:
                self.log.commits.pop((self.group, place), None)
                self._positions[place] = 0

    async def stop(self) -> None:
        """Leave the group."""
        self.is_started = False
        members = self.log.members.get(self.group, [])
        if self in members:
            members.remove(self)
            self.revoke()
            self.log.rebalance(self.group)

    def _mine(self) -> list[Place]:
        members = self.log.members.get(self.group, [])
        if self not in members:
            return []
        mine = members.index(self)
        return sorted(
            place
            for place in self.log.partitions
            if place[0] in self.topics and place[1] % len(members) == mine
        )

    def _take(self, max_records: int) -> list[Record]:
        found: list[Record] = []
        for place in self._mine():
            at = self._positions.get(place, self.log.commits.get((self.group, place), 0))
            records = self.log.partitions[place][at : at + max_records - len(found)]
            self._positions[place] = at + len(records)
            found += records
        return found


class FakePublisher:
    """Publishes into a FakeLog; ``fail_after`` records the broker is gone, once."""

    def __init__(self, log: FakeLog) -> None:
        self.log = log
        self.fail_after: int | None = None
        self.starts = 0
        self.published: list[Record] = []

    async def start(self) -> None:
        """Connect."""
        self.starts += 1

    async def broker(self) -> Broker:
        """Return the facts of the log."""
        ends = {place: len(records) for place, records in self.log.partitions.items()}
        return Broker(self.log.cluster_id, ends)

    async def publish(self, records: Sequence[Record]) -> Mapping[Place, int]:
        """Write the records, or some of them and fail."""
        offsets: dict[Place, int] = {}
        for count, record in enumerate(records):
            if count == self.fail_after:
                self.fail_after = None
                raise DependencyError("kafka", "gone")
            written = self.log.write(record)
            self.published.append(written)
            offsets[written.topic, written.partition] = int(written.position)
        return offsets

    async def stop(self) -> None:
        """Disconnect."""
