"""``EventReader`` on the ledger's own ``event_log``: no broker, no extra process.

One connection outside the pool holds the group's lock, listens, reads, and moves the cursors. So
a member that lost its connection has also lost its lock and can not move a cursor any more.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any, TypeVar, cast

import psycopg
import sqlalchemy as sa
import structlog
from sqlalchemy import exc

from shared import database as databases
from shared import event_log
from shared.errors import DependencyError
from shared.events import envelope
from shared.transport import cursors
from shared.transport.event_reader import Record

HELD_BACK_S = 0.1
"""How often to look while events wait for an older transaction, whose end nobody announces."""

STANDBY_S = 0.25
"""How often a second member looks whether the first one has gone."""

Result = TypeVar("Result")

# No output column may bear the name of a column of the order and be a cast of it: the order would
# take the cast and scan everything.
READ = sa.text(f"""
select e.epoch, e.xid::text as transaction_id, e.id, e.event_id, e.topic, e.key, e.time, e.data,
       e.headers,
       e.epoch < ledger.epoch or e.xid < pg_snapshot_xmin(pg_current_snapshot()) as is_decided
from ledger, {cursors.PLACES}
cross join lateral (
    select * from event_log l
    where {cursors.AFTER}
    order by l.topic, l.epoch, l.xid, l.id limit :count
) e
order by e.epoch, e.xid, e.id limit :count
""")

_log = structlog.get_logger()


class PostgresEventReader:
    """A member of a group of which one is active; the others wait for its end.

    Invariant: a cursor is stored only on the connection that holds the lock of the group.
    """

    def __init__(self, database: databases.Database, group: str, topics: Sequence[str]) -> None:
        self._database = database
        self._group = group
        self._topics = tuple(topics)
        self._guard = threading.Lock()
        self._connection: sa.Connection | None = None
        self._is_active = False
        self._epoch = 0
        self._source = ""
        self._positions: dict[str, cursors.Cursor] = {}

    @property
    def assignment_epoch(self) -> int:
        """Return how often this member lost its assignment."""
        return self._epoch

    async def start(self) -> None:
        """Connect, and take the group if nobody else has it."""
        await self._run(self._take)

    async def poll(self, *, max_records: int, timeout_s: float) -> Sequence[Record]:
        """Return the next decided events of all topics, in the order of the log."""
        deadline = time.monotonic() + timeout_s
        return await self._run(lambda connection: self._poll(connection, max_records, deadline))

    async def commit(self, done: Sequence[Record]) -> None:
        """Move the cursors to the furthest of ``done`` in each topic."""
        if done:
            await self._run(lambda connection: self._commit(connection, done))

    async def lag(self) -> int:
        """Return how many events the group has not done, at most 100,000 per topic."""
        return await asyncio.to_thread(self._lag)

    async def rewind(self, topics: Sequence[str]) -> None:
        """Read ``topics`` from the beginning again; for the active member alone."""
        await self._run(lambda connection: self._rewind(connection, topics))

    async def stop(self) -> None:
        """Give up the group."""
        await asyncio.to_thread(self._stop)

    async def _run(self, work: Callable[[sa.Connection], Result]) -> Result:
        return await asyncio.to_thread(self._on_connection, work)

    def _on_connection(self, work: Callable[[sa.Connection], Result]) -> Result:
        with self._guard:
            try:
                with databases.named_loss():
                    return work(self._connect())
            except (DependencyError, exc.DBAPIError):
                self._drop()
                raise
            except psycopg.Error as error:  # of the driver itself, while it waits
                self._drop()
                raise DependencyError("database", str(error).strip()) from error

    def _stop(self) -> None:
        with self._guard:
            self._drop()

    def _lag(self) -> int:
        with self._database.read() as session:
            return cursors.lag(session, self._group, self._topics)

    def _connect(self) -> sa.Connection:
        if self._connection is None:
            connection = self._database.engine.connect()
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # of this reader alone, never given back to the pool
            self._connection = connection
            self._connection.execute(sa.text(f"listen {event_log.CHANNEL}"))
        return self._connection

    def _drop(self) -> None:
        if self._is_active:
            self._is_active = False
            self._epoch += 1
        if self._connection is not None:
            self._connection.close()  # detached: this ends it, and with it the lock
            self._connection = None

    def _take(self, connection: sa.Connection) -> bool:
        if self._is_active:
            return True
        lock = {"name": f"event_reader:{self._group}"}
        free = "select pg_try_advisory_lock(hashtextextended(:name, 0))"
        if not connection.scalar(sa.text(free), lock):
            return False
        cursors.register(connection, self._group, self._topics)
        self._positions = cursors.load(connection, self._group, self._topics)
        ledger = connection.scalar(sa.text("select ledger_id from ledger"))
        self._source = f"urn:uuid:{ledger}"
        self._is_active = True
        _log.info("events.assigned", group=self._group, topics=self._topics)
        return True

    def _poll(self, connection: sa.Connection, max_records: int, deadline: float) -> list[Record]:
        while not self._take(connection):
            if time.monotonic() >= deadline:
                return []
            time.sleep(min(STANDBY_S, max(0.0, deadline - time.monotonic())))
        while True:
            found, is_held_back = self._read(connection, max_records)
            left_s = deadline - time.monotonic()
            if found or left_s <= 0:
                return found
            is_woken = _wait(connection, min(left_s, HELD_BACK_S) if is_held_back else left_s)
            if not (is_woken or is_held_back):
                return []  # an idle reader asks once per poll: the next one begins with it

    def _read(self, connection: sa.Connection, max_records: int) -> tuple[list[Record], bool]:
        """Return the next decided events, and whether undecided ones wait behind them."""
        rows = connection.execute(
            READ, {"count": max_records} | cursors.arrays(self._positions)
        ).all()
        # in the order of the log nothing decided comes after something undecided
        decided = list(takewhile(lambda row: row.is_decided, rows))
        for row in decided:
            place = cursors.Cursor(row.epoch, int(row.transaction_id), row.id)
            self._positions[row.topic] = place
        return [_record(row, self._source) for row in decided], len(decided) < len(rows)

    def _commit(self, connection: sa.Connection, done: Sequence[Record]) -> None:
        if not self._is_active:
            _log.warning("events.commit_skipped", group=self._group, records=len(done))
            return
        places: dict[str, cursors.Cursor] = {}
        for record in done:
            place = cursors.Cursor.parse(record.position)
            places[record.topic] = max(place, places.get(record.topic, place))
        cursors.advance(connection, self._group, places)

    def _rewind(self, connection: sa.Connection, topics: Sequence[str]) -> None:
        if not self._take(connection):
            raise DependencyError("database", f"another reader holds group {self._group}")
        cursors.rewind(connection, self._group, topics)
        self._positions |= dict.fromkeys(topics, cursors.BEGINNING)


def _wait(connection: sa.Connection, timeout_s: float) -> bool:
    """Return whether somebody said that there are new events."""
    driver = cast("psycopg.Connection", connection.connection.dbapi_connection)
    return any(True for _ in driver.notifies(timeout=timeout_s, stop_after=1))


def _record(row: sa.Row[Any], source: str) -> Record:
    headers = {"content-type": envelope.CONTENT_TYPE}
    headers |= {name: str(value).encode() for name, value in row.headers.items()}
    return Record(
        topic=row.topic,
        partition=0,
        position=str(cursors.Cursor(row.epoch, int(row.transaction_id), row.id)),
        key=row.key,
        value=envelope.cloud_event(row._asdict(), source=source),
        time=row.time,
        headers=headers,
    )
