import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

import event_logs
import postgres_cluster
from event_logs import notes, numbers, read, running
from shared import event_log
from shared.database import Database
from shared.errors import DependencyError
from shared.transport import epoch
from suite import postgres_server

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_ledger_at_home_has_not_moved(database: Database) -> None:
    with database.transaction() as session:
        event_log.append(session, notes(("a", 1)), now=NOW)
    with database.transaction() as session:
        epoch.check(session)

        assert not epoch.raise_if_moved(session)
        assert session.execute(sa.text("select epoch from ledger")).scalar_one() == 1


@pytest.mark.parametrize(
    "move",
    [
        "update ledger set system_identifier = 'another'",
        "update event_log set xid = '9000000000'",
    ],
    ids=["another cluster", "transactions that are still to come"],
)
def test_a_moved_ledger_is_refused_until_its_epoch_was_raised(
    database: Database, move: str
) -> None:
    with database.transaction() as session:
        event_log.append(session, notes(("a", 1)), now=NOW)
    with database.transaction() as session:
        session.execute(sa.text(move))

    with pytest.raises(DependencyError, match="photofactory up"), database.read() as session:
        epoch.check(session)
    with database.transaction() as session:
        assert epoch.raise_if_moved(session)
    with database.transaction() as session:
        epoch.check(session)
        assert not epoch.raise_if_moved(session)
        event_log.append(session, notes(("a", 2)), now=NOW)
        epochs = session.scalars(sa.text("select epoch from event_log order by id")).all()
    assert list(epochs) == [1, 2]


@pytest.fixture
def restored(database: Database, database_url: str, tmp_path: Path) -> Iterator[Database]:
    """A dump of `database` in a new cluster; what is written into `database` later is not there."""
    dump = tmp_path / "dump"
    with database.transaction() as session:
        event_log.append(session, notes(*[("a", number) for number in range(5)]), now=NOW)
    subprocess.run([postgres_server.program("pg_dump"), f"--file={dump}", database_url], check=True)
    with postgres_cluster.running() as cluster:
        cluster.execute("create database restored template template0")
        url = cluster.url("restored")
        quiet = ["--quiet", "--no-psqlrc", "--output=/dev/null", "--set=ON_ERROR_STOP=1"]
        subprocess.run([postgres_server.program("psql"), *quiet, f"--file={dump}", url], check=True)
        with Database(url, application_name="restored") as opened:
            yield opened


async def test_after_dump_and_restore_new_events_are_refused_and_then_read(
    restored: Database,
) -> None:
    reader = event_logs.InPostgres(restored).reader("group")

    with pytest.raises(DependencyError), restored.transaction() as session:
        event_log.append(session, notes(("a", 5)), now=NOW)
    with restored.transaction() as session:
        assert epoch.raise_if_moved(session)
    with restored.transaction() as session:
        event_log.append(session, notes(("a", 6)), now=NOW)
    async with running(reader):
        found = await read(reader, 6)

    assert numbers(found) == [0, 1, 2, 3, 4, 6]


def test_an_ordinary_role_may_write_events(database: Database) -> None:
    with database.transaction() as session:
        session.execute(sa.text("set local role pg_write_all_data"))
        session.execute(sa.text("select system_identifier from pg_control_system()"))
