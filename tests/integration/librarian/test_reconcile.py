"""Disk and ledger compared, and what is safe repaired."""

import contextlib
import fcntl
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import factories
import photos
import unmounting
from factories import DirectReader, Factory
from librarian import reconcile, recovery, repairing
from librarian.adoption import Adopter
from librarian.originals import Originals
from librarian.reconcile import Difference, Reconciler
from librarian.repository import originals as original_rows
from shared import faults, models
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
def opened(factory: Factory) -> Iterator[tuple[Reconciler, Adopter]]:
    with Owner(factory.database) as owner:
        with factory.database.read() as session:
            catalog_id = session.scalars(sa.select(models.Catalog.id)).one()
            known = original_rows.root_of(session, catalog_id, is_for_repair=True)
        with known.open() as folder:
            originals = Originals(folder, owner.id)
            adopter = Adopter(
                factory.database, originals, DirectReader(), SystemClock(), owner.id, catalog_id
            )
            yield Reconciler(factory.database, originals, is_deep=True), adopter


def differences(factory: Factory) -> list[Difference]:
    with opened(factory) as (reconciler, _):
        return list(reconciler.differences())


def repair(factory: Factory) -> Counter[str]:
    with opened(factory) as (reconciler, adopter):
        return repairing.repair(reconciler, adopter).repaired


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


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jpg.aae", reconcile.MOVED),
        ("b.jpg.aae", reconcile.UNRECORDED),
        ("a.jpg.txt", reconcile.UNRECORDED),
    ],
)
def test_a_sidecar_moved_by_hand_is_found_if_it_kept_its_name(
    factory: Factory, name: str, kind: str
) -> None:
    (factory.originals / "elsewhere").mkdir()
    (factory.originals / DAY / "a.jpg.aae").rename(factory.originals / "elsewhere" / name)

    assert kinds(factory) == {(reconcile.MISSING, f"{DAY}/a.jpg.aae"), (kind, f"elsewhere/{name}")}


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
    assert repair(factory) == Counter({reconcile.UNRECORDED: 3})

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


def test_a_record_that_cannot_be_read_is_kept_aside_and_begun_anew(factory: Factory) -> None:
    record = factory.originals / DAY / ".photofactory.jsonl"
    before = record.read_bytes()
    faults.arm("records.read:eio")
    try:
        assert repair(factory) == Counter({reconcile.NO_RECORD: 1})
    finally:
        faults.arm("")

    [left] = differences(factory)
    assert left.kind == reconcile.ASIDE
    assert (factory.originals / left.path).read_bytes() == before


def test_what_a_companion_said_is_written_if_the_record_does_not_know_it(factory: Factory) -> None:
    factory.change(
        """update asset_dates set companions = '[{"kind": "xmp", "tags": {"XMP:Rating": "5"},
          "latitude_deg": null, "longitude_deg": null, "altitude_m": null}]'
        where asset_id = (select id from media_assets where original_name = 'b.jpg')"""
    )

    assert kinds(factory) == {(reconcile.NO_LINE, f"{DAY}/b.jpg")}
    assert repair(factory) == Counter({reconcile.NO_LINE: 1})
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


def test_an_adopted_original_keeps_the_revision_that_its_record_tells(factory: Factory) -> None:
    record = factory.originals / DAY / ".photofactory.jsonl"
    record.write_bytes(record.read_bytes().replace(b'"revision":1', b'"revision":7'))
    forget_assets(factory)

    repair(factory)

    assert set(factory.rows("select revision from media_assets")) == {(7,)}
    told = factory.rows(
        "select max((data ->> 'revision')::int) as told from event_log"
        " where topic = 'media.asset.ingested'"
    )
    assert told == [(7,)]


def test_an_original_that_was_moved_keeps_what_the_record_of_its_old_folder_tells(
    factory: Factory,
) -> None:
    before = factory.rows("select id, original_name from media_assets order by id")
    forget_assets(factory)
    (factory.originals / "elsewhere").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (factory.originals / DAY / name).rename(factory.originals / "elsewhere" / name)

    repair(factory)

    assert factory.rows("select id, original_name from media_assets order by id") == before


@pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="no leases here")
def test_while_an_unknown_original_is_being_written_an_older_ledger_stays_frozen(
    factory: Factory,
) -> None:
    forget_assets(factory)
    factory.change("delete from event_log")
    with pytest.raises(DependencyError, match="older than the disk"):
        factory.file()

    with (factory.originals / DAY / "b.jpg").open("ab"), opened(factory) as (reconciler, adopter):
        balance = repairing.repair(reconciler, adopter)

    assert [(each.difference.path, each.is_passing) for each in balance.left] == [
        (f"{DAY}/b.jpg", True)
    ]
    with pytest.raises(DependencyError, match="older than the disk"):
        factory.file()
    repair(factory)
    factory.file()


def test_a_stranger_that_is_no_photo_is_named_and_does_not_keep_the_ledger_frozen(
    factory: Factory,
) -> None:
    forget_assets(factory)
    factory.change("delete from event_log")
    (factory.originals / "notes.txt").write_bytes(b"no picture")
    with pytest.raises(DependencyError, match="older than the disk"):
        factory.file()

    with opened(factory) as (reconciler, adopter):
        balance = repairing.repair(reconciler, adopter)

    [left] = balance.left
    assert (left.difference.path, left.why) == ("notes.txt", "it is no picture or video")
    factory.file()


def test_one_run_restores_pairs_whichever_half_is_met_first(factory: Factory) -> None:
    factory.change(
        "insert into asset_links (asset_id, kind, linked_asset_id, evidence)"
        " select a.id, 'raw_jpeg', b.id, 'name' from media_assets a, media_assets b"
        " where a.original_name = 'a.jpg' and b.original_name = 'b.jpg'"
    )
    (factory.originals / DAY / ".photofactory.jsonl").unlink()
    repair(factory)
    forget_assets(factory)

    repair(factory)

    assert len(factory.rows("select * from asset_links where kind = 'raw_jpeg'")) == 1
    assert differences(factory) == []


def forget_assets(factory: Factory) -> None:
    factory.change("update files set asset_id = null")
    factory.change("delete from media_assets")


def test_looking_for_a_moved_original_makes_no_folder(factory: Factory) -> None:
    (factory.originals / DAY).rename(factory.originals / "holiday")

    repair(factory)

    assert differences(factory) == []
    assert not (factory.originals / DAY).exists()
    [sidecar] = factory.rows("select relative_path from asset_links")
    assert sidecar.relative_path == "holiday/a.jpg.aae"


def test_bytes_that_are_kept_aside_are_named_until_a_person_deletes_them(factory: Factory) -> None:
    (factory.originals / DAY / "a.jpg").write_bytes(b"rotten")
    factory.drop("again.jpg", photos.jpeg(seed=1))
    factory.file()

    [found] = differences(factory)

    assert found.kind == reconcile.ASIDE
    assert "a.jpg" in found.detail
    (factory.originals / found.path).unlink()
    assert differences(factory) == []


def test_what_a_killed_repair_leaves_of_its_high_water_mark_has_an_owner(factory: Factory) -> None:
    left: list[int | None] = []
    temporary = factory.originals / ".photofactory/tmp"

    def look() -> None:
        left.extend(recovery.owner_of(os.fsencode(path.name)) for path in temporary.iterdir())

    with unmounting.At("markers.written", look):
        repair(factory)

    assert len(left) == 1
    assert None not in left


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_stands_in_the_place_of_a_record_gives_way_to_one(
    factory: Factory, make: Callable[[Path], None]
) -> None:
    record = factory.originals / DAY / ".photofactory.jsonl"
    record.unlink()
    make(record)

    assert repair(factory)[reconcile.NO_RECORD] == 1

    assert record.is_file()
    assert {kind for kind, _ in kinds(factory)} == {reconcile.ASIDE}


def test_a_disk_that_takes_no_high_water_mark_is_told_of(factory: Factory) -> None:
    faults.arm("markers.written:enospc")
    try:
        with pytest.raises(DependencyError, match="cannot be written"):
            repair(factory)
    finally:
        faults.arm("")

    assert list((factory.originals / ".photofactory/tmp").iterdir()) == []
    assert differences(factory) == []
