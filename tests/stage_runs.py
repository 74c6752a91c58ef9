"""Runs the loop of a stage on a real ledger and a log in memory."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import orm

import waiting
from shared import events, heartbeat, ledger, process
from shared.clock import Clock
from shared.database import Database
from shared.events import envelope, topics
from shared.ownership import Owner
from shared.stages import stage_runner, stages
from shared.stages.stage_loop import StageLoop
from shared.testing import FakeLog, FakeReader
from shared.transport.event_reader import Record

STAGE = stages.THUMBNAILED
GROUP = STAGE.service


class ManualClock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s


@dataclass
class Handler:
    """Does nothing with the assets; `faults` are raised by the work on an asset, `once` only once.

    `gate` closed keeps all work in its thread.
    """

    stage: stages.Stage = STAGE
    parallelism: int = 4
    faults: dict[UUID, Exception] = field(default_factory=dict)
    once: dict[UUID, Exception] = field(default_factory=dict)
    left_out: set[UUID] = field(default_factory=set)
    refused: set[UUID] = field(default_factory=set)
    during_work: Callable[[UUID], None] = lambda _: None
    worked: list[UUID] = field(default_factory=list)
    together: int = 0
    _inside: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def load(self, session: orm.Session, asset_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        return {each: each for each in asset_ids if each not in self.left_out}

    def work(self, item: UUID) -> UUID:
        with self._guard:
            self.worked.append(item)
            self._inside += 1
            self.together = max(self.together, self._inside)
        try:
            self.during_work(item)
            if item in self.once:
                raise self.once.pop(item)
            if item in self.faults:
                raise self.faults[item]
        finally:
            with self._guard:
                self._inside -= 1
        return item

    def record(self, session: orm.Session, results: Mapping[UUID, UUID], *, now: datetime) -> None:
        bad = sorted(self.refused & set(results))
        if bad:
            raise KeyError(f"no row for {bad[0]}")
        done = [ledger.Done(each, thumbnailed(each)) for each in results]
        version = self.stage.producer_version
        ledger.complete(session, self.stage.name, done, version=version, now=now)


def thumbnailed(asset_id: UUID) -> events.AssetThumbnailedV1:
    return events.AssetThumbnailedV1(
        asset_id=asset_id, kinds=("thumbnail",), producer_version=STAGE.producer_version
    )


@dataclass
class Run:
    """One stage service without its process."""

    database: Database
    handler: Handler
    log: FakeLog = field(default_factory=FakeLog)
    clock: Clock = field(default_factory=ManualClock)

    def announce(self, *asset_ids: UUID) -> None:
        """Write the events of newly filed assets."""
        for asset_id in asset_ids:
            self.log.write(ingested(asset_id))

    def pass_time(self, seconds: float) -> None:
        assert isinstance(self.clock, ManualClock)
        self.clock.passed_s += seconds

    def later(self) -> bool:
        """Let the time of the next sweep come."""
        self.pass_time(20)
        return True

    @asynccontextmanager
    async def started(self) -> "AsyncIterator[Started]":
        """The loop, running; stopped and waited for at the end."""
        stop = process.Stop()
        pulse = heartbeat.Pulse("test", self.clock)
        with Owner(self.database) as owner:
            frame = stage_runner.Frame(self.database, owner, self.clock, stop, pulse)
            reader = FakeReader(self.log, GROUP, STAGE.topics)
            runner = stage_runner.StageRunner(self.handler, frame)
            loop = StageLoop(reader, runner, poll_s=0.05)
            async with asyncio.TaskGroup() as group:
                group.create_task(loop.run())
                try:
                    yield Started(self, reader, stop, pulse, owner)
                finally:
                    stop.request("the test is over")

    def all_committed(self) -> bool:
        return self.log.committed(GROUP) == sum(map(len, self.log.partitions.values()))


@dataclass
class Started:
    """A running loop, seen from outside."""

    run: Run
    reader: FakeReader
    stop: process.Stop
    pulse: heartbeat.Pulse
    owner: Owner

    async def until(self, condition: Callable[[], object]) -> None:
        await asyncio.to_thread(waiting.until, condition)


def ingested(asset_id: UUID) -> Record:
    event = events.AssetIngestedV1(
        asset_id=asset_id,
        file_hash="0" * 64,
        original_name="a.jpg",
        relative_path="a.jpg",
        size_bytes=1,
    )
    row = {
        "event_id": uuid4(),
        "topic": event.topic,
        "key": event.key,
        "time": datetime(2026, 1, 1, tzinfo=UTC),
        "data": event.model_dump(mode="json"),
        "headers": {"dataschema": events.schema_uri(event.topic, event.version)},
    }
    return record(envelope.cloud_event(row, source="test"), key=event.key)


def record(value: bytes | None, *, key: str) -> Record:
    return Record(topics.ASSET_INGESTED, 0, "", key, value, datetime(2026, 1, 1, tzinfo=UTC))
