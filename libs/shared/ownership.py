"""Who holds a claim, and whether they still live.

A process that claims rows holds a session advisory lock under its id on a connection of its own.
When the process dies PostgreSQL drops the lock, so its claims are free at once: no lease to wait
for, no clock to trust.
"""

import contextlib
import secrets
import threading
from collections.abc import Callable
from typing import Self

import sqlalchemy as sa
from sqlalchemy import exc

from shared import database as databases
from shared.errors import DependencyError

LOCK_CLASS = 0x50466F77
"""First key of our advisory locks ("PFow"); the second is the owner's id."""

Ids = Callable[[], int]


class Owner:
    """This process's identity for claims; lives until ``close``.

    Invariant: while ``keep`` returns, the lock of ``id`` is held by our connection.
    """

    def __init__(
        self,
        database: databases.Database,
        *,
        new_id: Ids = lambda: secrets.randbelow(2**31 - 1) + 1,
    ) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._connection: sa.Connection | None = None
        self.id = new_id()
        while not self._hold():
            self.id = new_id()

    def keep(self) -> None:
        """Make sure that we are alive in the eyes of others; raise DependencyError otherwise.

        A lost connection is opened again under the same id.
        """
        with self._guard:
            if self._answers():
                return
            self._drop()
            if not self._hold():
                raise DependencyError("database", f"owner {self.id} still holds its old lock")

    def close(self) -> None:
        """Give up every claim; whoever asks afterwards finds us dead."""
        with self._guard:
            self._unlock()  # the server notices a closed connection only a moment later
            self._drop()

    def __enter__(self) -> Self:
        """Return the owner itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give up every claim."""
        self.close()

    def _answers(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute(sa.text("select 1"))
        except exc.DBAPIError:
            return False
        return True

    def _hold(self) -> bool:
        with databases.named_loss():
            connection = self._database.engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            )
            connection.detach()  # of this process alone, never given back to the pool
            held = connection.scalar(
                sa.text("select pg_try_advisory_lock(:class, :id)"),
                {"class": LOCK_CLASS, "id": self.id},
            )
            self._connection = connection
        if not held:
            self._drop()
        return bool(held)

    def _unlock(self) -> None:
        if self._connection is None:
            return
        with contextlib.suppress(exc.DBAPIError):  # then it is the server that ends it
            self._connection.execute(
                sa.text("select pg_advisory_unlock(:class, :id)"),
                {"class": LOCK_CLASS, "id": self.id},
            )

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()  # detached: this ends it, and with it the lock
            self._connection = None


def is_live(column: str) -> str:
    """Return the SQL condition "the owner in ``column`` is alive" (null when there is none)."""
    return (
        f"{column} = any(array(select objid::bigint from pg_locks where locktype = 'advisory'"
        f" and classid = {LOCK_CLASS} and objsubid = 2 and granted"
        " and database = (select oid from pg_database where datname = current_database())))"
    )


def is_free(column: str) -> str:
    """Return the SQL condition "nobody alive holds the claim in ``column``"."""
    return f"({is_live(column)}) is not true"
