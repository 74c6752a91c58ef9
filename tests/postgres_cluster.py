"""One throw-away PostgreSQL for a run of the tests: the factory's own, without durability."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from shared.errors import PhotoFactoryError
from suite import postgres


class Cluster(postgres.Cluster):
    """A running server that also takes statements outside any database of a test."""

    def execute(self, statement: str) -> None:
        """Run one statement on the maintenance database, outside a transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[Cluster]:
    """A server that is stopped and forgotten at the end; a failure shows its log."""
    with tempfile.TemporaryDirectory(prefix="pf-pg-", dir=fast_folder()) as folder:
        cluster = Cluster(Path(folder) / "cluster", is_durable=False)
        try:
            cluster.start()
        except PhotoFactoryError as error:
            log = Path(folder) / "cluster/postgresql.log"
            error.add_note(log.read_text() if log.exists() else "no log")
            raise
        try:
            yield cluster
        finally:
            cluster.stop()


def fast_folder() -> str | None:
    """Memory where there is enough: a database per test is 300 new files (20 ms, not 250)."""
    try:
        memory = os.statvfs("/dev/shm")
    except FileNotFoundError:
        return None
    is_roomy = memory.f_bavail * memory.f_frsize > 2 << 30
    return "/dev/shm" if is_roomy and os.access("/dev/shm", os.W_OK) else None
