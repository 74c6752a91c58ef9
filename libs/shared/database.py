"""The one way to PostgreSQL: short transactions on a small pool.

Readers and writers are different calls, so that nobody writes by accident; only ``transaction``
commits. Everything is synchronous: asynchronous callers use ``asyncio.to_thread``.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, TypeVar

import sqlalchemy as sa
from psycopg import errors as pg
from sqlalchemy import exc, orm

from shared.errors import DependencyError

Result = TypeVar("Result")

REPEATS = 8
TRANSACTION_LIMIT_MS = 10_000
"""A writing transaction that lives longer holds back every reader of the event log."""


class Database:
    """A pool of at most five connections, named after the program that holds them."""

    def __init__(self, url: str, *, application_name: str, pool_size: int = 2) -> None:
        self.url = url
        self.engine = sa.create_engine(
            sa.make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=3,
            pool_pre_ping=True,
            pool_timeout=10,
            connect_args={
                "application_name": application_name,
                "connect_timeout": 5,
                "options": "-c timezone=UTC -c lock_timeout=5s "
                f"-c idle_in_transaction_session_timeout={TRANSACTION_LIMIT_MS}",
            },
        )
        self._sessions = orm.sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[orm.Session]:
        """Give a session whose transaction cannot write and is rolled back."""
        with named_loss(), self._sessions() as session:
            session.execute(sa.text("set transaction read only"))
            yield session  # closing rolls back; what was read stays usable

    @contextmanager
    def transaction(self) -> Iterator[orm.Session]:
        """Give a session that commits when the block ends, or rolls back when it raises."""
        with named_loss(), self._sessions.begin() as session:
            yield session

    def run(self, work: Callable[[orm.Session], Result]) -> Result:
        """Return ``work(session)`` of a committed transaction.

        Repeats the whole transaction after a deadlock or a serialization conflict, so ``work``
        must change nothing but the database.
        """
        for attempt in range(REPEATS):
            try:
                with self.transaction() as session:
                    return work(session)
            except exc.OperationalError as error:
                if not is_conflict(error) or attempt == REPEATS - 1:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  full jitter
        raise AssertionError("unreachable")

    def ping(self) -> None:
        """Return when the database answers; raise DependencyError otherwise."""
        with self.read() as session:
            session.execute(sa.text("select 1"))

    def close(self) -> None:
        """Close every idle connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        """Return the database itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def is_conflict(error: exc.DBAPIError) -> bool:
    """Return whether the same transaction, repeated, may succeed."""
    return isinstance(
        error.orig, pg.DeadlockDetected | pg.SerializationFailure | pg.LockNotAvailable
    )


def is_refused_value(error: exc.DBAPIError) -> bool:
    """Return whether a value of one row is at fault (SQLSTATE classes 22 and 23)."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return state[:2] in {"22", "23"}


@contextmanager
def named_loss() -> Iterator[None]:
    """Turn "the connection is gone" into the error that makes a loop wait."""
    try:
        yield
    except (exc.OperationalError, exc.InternalError) as error:
        if is_conflict(error) or not is_lost(error):
            raise
        raise DependencyError("database", str(error.orig).strip()) from error
    except exc.TimeoutError as error:
        raise DependencyError("database", "no free connection within 10 s") from error


def is_lost(error: exc.DBAPIError) -> bool:
    """Return whether the server or the connection went away (or refuses to write)."""
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state[:2] in {"08", "53", "57", "58"}
