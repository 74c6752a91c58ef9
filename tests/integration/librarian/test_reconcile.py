"""Disk and ledger compared, and what is safe repaired."""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import factories
import photos
from factories import DirectReader, Factory
from librarian import high_water, reconcile
from librarian.adoption import Adopter
from librarian.originals import Originals
from librarian.reconcile import Difference, Reconciler
from librarian.repairing import Repairer
from librarian.repository import originals as original_rows
from shared import models
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import DependencyError
from shared.ownership import Owner

DAY = "2023/2023-07-01"
AAE = b'<?xml version="1.0"?><plist version="1.0"><dict/></plist>'


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    made = factories.make(database, tmp_path)
    made.drop("a.jpg", photos.jpeg(seed=1))
    made.drop("b.jpg", photos.jpeg(seed=2))
    made.drop("a.aae", AAE)
    made.file()
    return made


@contextlib.contextmanager
def opened(factory: Factory) -> Iterator[tuple[Reconciler, Repairer]]:
    with Owner(factory.database) as owner:
        with factory.database.read() as session:
            catalog_id = session.scalars(sa.select(models.Catalog.id)).one()
            known = original_rows.root_of(session, catalog_id, is_for_repair=True)
        with known.open() as folder:
            originals = Originals(folder, owner.id)
            adopter = Adopter(
                factory.database, originals, DirectReader(), SystemClock(), owner.id, catalog_id
            )
            yield Reconciler(factory.database, originals, is_deep=True), Repairer(adopter)


def differences(factory: Factory) -> list[Difference]:
    with opened(factory) as (reconciler, _):
        return list(reconciler.differences())


def repair(factory: Factory) -> Counter[str]:
    with opened(factory) as (reconciler, repairer):
        repaired = repairer.repair(reconciler.differences())
        high_water.accept(factory.database, reconciler.originals.folder)
        return repaired


def kinds(factory: Factory) -> set[tuple[str, str]]:
    return {(each.kind, each.path) for each in differences(factory)}


def test_after_filing_disk_and_ledger_agree(factory: Factory) -> None:
    assert differences(factory) == []


def test_missing_and_changed_originals_are_named_and_left(factory: Factory) -> None:
    (factory.originals / DAY / "a.jpg").unlink()
    other = factory.originals / DAY / "b.jpg"
    other.write_bytes(other.read_bytes()[::-1])

    expected = {(reconcile.MISSING, f"{DAY}/a.jpg"), (reconcile.CHANGED, f"{DAY}/b.jpg")}
    assert kinds(factory) == expected
    assert repair(factory) == Counter()
    assert kinds(factory) == expected


def test_an_original_moved_by_hand_is_found_by_its_hash(factory: Factory) -> None:
    (factory.originals / "elsewhere").mkdir()
    (factory.originals / DAY / "a.jpg").rename(factory.originals / "elsewhere/A1.jpg")

    assert (reconcile.MOVED, "elsewhere/A1.jpg") in kinds(factory)
    assert repair(factory)[reconcile.MOVED] == 1

    assert differences(factory) == []
    [row] = factory.rows("select * from media_assets where original_name = 'a.jpg'")
    assert (row.relative_path, row.revision) == ("elsewhere/A1.jpg", 2)
    assert row.final_path == str(factory.originals / "elsewhere/A1.jpg")
    assert factory.events("media.asset.moved") == 1


def test_a_second_copy_is_named_and_left(factory: Factory) -> None:
    copy = factory.originals / "copy.jpg"
    copy.write_bytes((factory.originals / DAY / "a.jpg").read_bytes())

    assert kinds(factory) == {(reconcile.COPY, "copy.jpg")}
    repair(factory)
    assert copy.exists()


def test_what_a_ledger_older_than_the_disk_lacks_is_adopted_as_its_record_says(
    factory: Factory,
) -> None:
    before = factory.rows(COMPARED)
    links = factory.rows(LINKS)
    with factory.database.transaction() as session:
        session.execute(sa.text("update files set asset_id = null"))
        session.execute(sa.text("delete from media_assets"))

    # The sidecar is no photo: it comes back with the record of its photo.
    assert repair(factory)[reconcile.UNRECORDED] == 2

    assert factory.rows(COMPARED) == before
    assert factory.rows(LINKS) == links
    assert differences(factory) == []


def test_an_original_without_a_record_is_adopted_under_an_id_of_its_hash(
    factory: Factory,
) -> None:
    (factory.originals / DAY / ".photofactory.jsonl").unlink()
    ids = []
    for _ in range(2):
        with factory.database.transaction() as session:
            session.execute(sa.text("update files set asset_id = null"))
            session.execute(sa.text("delete from media_assets"))
        repair(factory)
        ids.append(factory.rows("select id from media_assets order by id"))

    assert ids[0] == ids[1]
    assert len(ids[0]) == 2


def test_lost_lines_of_a_record_are_written_again(factory: Factory) -> None:
    (factory.originals / DAY / ".photofactory.jsonl").unlink()

    assert {kind for kind, _ in kinds(factory)} == {reconcile.NO_LINE}
    assert repair(factory) == Counter({reconcile.NO_LINE: 2})
    assert differences(factory) == []


def test_flags_without_output_are_cleared_so_that_the_stage_runs_again(factory: Factory) -> None:
    with factory.database.transaction() as session:
        session.execute(
            sa.text("update media_assets set is_backed_up = true, backed_up_at = now()")
        )

    assert {each.detail for each in differences(factory)} == {
        "backed_up: its flag is set without an output"
    }
    assert repair(factory) == Counter({reconcile.STALE: 2})
    assert differences(factory) == []


def test_temporary_files_of_the_dead_go_and_those_of_the_living_stay(factory: Factory) -> None:
    temporary = factory.originals / ".photofactory/tmp"
    (temporary / "1.dead").write_bytes(b"x")
    with Owner(factory.database) as living:
        (temporary / f"{living.id}.living").write_bytes(b"x")

        assert kinds(factory) == {(reconcile.TEMPORARY, "1.dead")}
        assert repair(factory) == Counter({reconcile.TEMPORARY: 1})

        assert os.listdir(temporary) == [f"{living.id}.living"]


COMPARED = """select a.id, file_hash, original_name, original_path, relative_path, captured_at,
  captured_local, utc_offset_minutes, offset_source, captured_at_source, date_confidence,
  ingested_at, location, d.mtime_ns, d.arrived_at
  from media_assets a join asset_dates d on d.asset_id = a.id order by a.id"""
LINKS = "select asset_id, kind, relative_path, file_hash, original_name from asset_links"


def test_a_ledger_restored_from_an_older_dump_files_nothing_until_it_is_reconciled(
    factory: Factory,
) -> None:
    with factory.database.transaction() as session:
        session.execute(sa.text("update files set asset_id = null"))
        session.execute(sa.text("delete from media_assets"))
        session.execute(sa.text("delete from event_log"))
    path = factory.drop("again.jpg", photos.jpeg(seed=1))

    with pytest.raises(DependencyError, match="older than the disk"):
        factory.file()

    assert path.exists()
    repair(factory)
    factory.file()
    assert factory.outcomes()["again.jpg"] == "duplicate"
    assert factory.names() == [f"{DAY}/{name}" for name in ("a.jpg", "a.jpg.aae", "b.jpg")]


def test_what_cannot_be_looked_at_is_named(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (factory.originals / "stranger.jpg").write_bytes(photos.jpeg(seed=9))

    def fail(_: Originals, path: str) -> None:
        raise OSError(5, "the disk fails", path)

    with monkeypatch.context() as failing:
        failing.setattr(Originals, "hash_at", fail)
        found = kinds(factory)

    assert (reconcile.UNREADABLE, "stranger.jpg") in found
    assert repair(factory)[reconcile.UNRECORDED] == 1


def test_a_name_that_is_no_text_is_named_and_left(factory: Factory) -> None:
    path = factory.originals / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(photos.jpeg(seed=9))

    [found] = differences(factory)

    assert (found.kind, found.path) == (reconcile.UNREADABLE, "caf\\xe9.jpg")
    assert repair(factory) == Counter()
    assert path.exists()


def test_a_stranger_whose_name_differs_in_case_alone_is_named(factory: Factory) -> None:
    content = photos.jpeg(seed=9)
    stranger = factory.originals / DAY / "A.JPG"
    stranger.write_bytes(content)
    if (factory.originals / DAY / "a.jpg").read_bytes() == content:
        pytest.skip("this disk knows no case")

    assert kinds(factory) == {(reconcile.UNRECORDED, f"{DAY}/A.JPG")}
    assert repair(factory) == Counter()
    assert stranger.read_bytes() == content
    assert factory.rows("select * from filings") == []
    assert factory.rows("select * from files where outcome is null") == []
