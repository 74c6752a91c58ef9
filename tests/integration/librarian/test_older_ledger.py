"""A ledger from an older dump: nothing is filed, or filed twice, until it has caught up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

import factories
import photos
import redates
from factories import Factory
from postgres_cluster import Cluster
from shared import event_log, events, models
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import DependencyError
from suite import access, cli

COMPARED = sa.text("""
    select a.id, a.file_hash, a.relative_path, a.original_name, a.original_path, a.captured_at,
      a.captured_local, a.date_confidence, a.ingested_at, d.mtime_ns, d.arrived_at, d.override
    from media_assets a join asset_dates d on d.asset_id = a.id order by a.id""")
ARRIVALS = """
    select s.source_path, f.display_path, f.size_bytes, f.mtime_ns, f.outcome, f.asset_id
    from files f join sources s on s.id = f.source_id
    where f.superseded_at is null and f.outcome in ('filed', 'companion') order by f.path"""
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>'


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


@pytest.fixture
def restore(postgres: Cluster, factory: Factory) -> Iterator[list[Database]]:
    """Holds the ledger as it was when it was copied."""
    factory.drop("first.jpg", photos.jpeg(seed=1))
    factory.file()
    factory.database.engine.dispose()
    name = factory.database.engine.url.database
    postgres.execute(f"create database older template {name}")
    with Database(postgres.url("older"), application_name="test") as older:
        yield [older]
    postgres.execute("drop database older with (force)")


def known(database: Database) -> list[dict[str, object]]:
    with database.read() as session:
        return [dict(row) for row in session.execute(COMPARED).mappings()]


def frozen_reason(database: Database) -> str | None:
    with database.read() as session:
        return session.scalar(sa.select(models.Ledger.frozen_reason))


def reconcile(database: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    @contextmanager
    def opened(data: Path) -> Iterator[Database]:
        yield database

    monkeypatch.setattr(access, "opened", opened)
    return cli.run(["reconcile", "--repair"])


def test_filing_waits_until_the_newer_files_are_adopted_and_nothing_is_filed_twice(
    factory: Factory, restore: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.drop("a.jpg", photos.jpeg(seed=2, taken="2019:07:14 10:00:00"))
    factory.drop("other/a.jpg", photos.jpeg(seed=3, taken="2019:07:14 11:00:00"))
    factory.drop("a.jpg.xmp", XMP)
    factory.file()
    factory.file()
    before, names = known(factory.database), factory.names()
    arrived = factory.rows(ARRIVALS)
    older = replace(factory, database=restore[0])
    again = older.drop("again.jpg", photos.jpeg(seed=2, taken="2019:07:14 10:00:00"))
    older.drop("new.jpg", photos.jpeg(seed=4, taken="2022:02:02 02:02:02"))

    with pytest.raises(DependencyError, match=r"frozen.*reconcile --repair"):
        older.file()

    assert again.exists()
    assert older.names() == names
    assert "older than the disk" in str(frozen_reason(older.database))

    reconcile(older.database, monkeypatch)

    assert known(older.database) == before
    assert older.rows(ARRIVALS) == arrived
    assert frozen_reason(older.database) is None
    older.file()
    assert older.names() == sorted([*names, "2022/2022-02-02/new.jpg"])
    assert older.outcomes()["again.jpg"] == "duplicate"
    assert older.found() == []


@pytest.mark.parametrize("is_moving", [False, True])
def test_what_was_decided_after_the_dump_is_not_overwritten(
    factory: Factory, restore: list[Database], monkeypatch: pytest.MonkeyPatch, *, is_moving: bool
) -> None:
    redates.ask(factory, fix=redates.day_off(1), is_moving=is_moving)
    redates.work(factory)
    factory.drop("first.jpg.xmp", XMP)
    factory.file()
    before = known(factory.database)
    older = replace(factory, database=restore[0])
    older.drop("new.jpg", photos.jpeg(seed=4))
    with pytest.raises(DependencyError, match=r"frozen.*reconcile --repair"):
        older.file()

    reconcile(older.database, monkeypatch)

    assert known(older.database) == before
    [link] = older.rows("select kind from asset_links")
    assert link.kind == "xmp"
    assert reconcile(older.database, monkeypatch) == 0


def test_events_of_others_do_not_lift_the_freeze(factory: Factory, restore: list[Database]) -> None:
    factory.drop("a.jpg", photos.jpeg(seed=2))
    factory.file()
    older = replace(factory, database=restore[0])
    path = older.drop("b.jpg", photos.jpeg(seed=3))
    with pytest.raises(DependencyError, match="older than the disk"):
        older.file()

    with older.database.transaction() as session:
        for _ in range(10):
            event = events.JobRequestedV1.model_validate(events.JobRequestedV1.example)
            event_log.append(session, [event], now=SystemClock().now())

    with pytest.raises(DependencyError, match="older than the disk"):
        older.file()
    assert path.exists()
