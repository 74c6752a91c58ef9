"""The database is lost; the ledger comes back from the originals and the records beside them."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import photos
import redates
import waiting
from factories import Factory
from librarian.rebuilding import start
from librarian.records import Captured, Link, Record
from librarian.redating.overrides import ClockFix
from postgres_cluster import Cluster
from shared import faults
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import UserError
from suite import checkout, database_setup, folder_setup, household_record
from suite.commands import backup_targets, rebuild
from suite.data_folder import DataFolder
from suite.inbox import Inbox

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 photoshop:DateCreated="2018-03-04T05:06:07"/></rdf:RDF></x:xmpmeta>"""
TAKEOUT = json.dumps(
    {
        "title": "trip.jpg",
        "photoTakenTime": {"timestamp": "1520139967"},
        "geoData": {"latitude": 48.2, "longitude": 16.37, "altitude": 170.0},
    }
).encode()
ZONE = "Europe/Berlin"
VIENNA = (48.2, 16.37)
ID, CONTENT_IDENTIFIER = "1EA799FF-8384", "com.apple.quicktime.content.identifier"
WHOLE = photos.jpeg(seed=8, taken="2020:05:05 05:05:05")

ASSETS = """
    select a.id, a.file_hash, a.size_bytes, a.original_name, a.original_path, a.final_path,
      a.relative_path, a.path_key, a.captured_at, a.captured_local, a.utc_offset_minutes,
      a.offset_source, a.captured_at_source, a.date_confidence, a.ingested_at, a.location,
      a.metadata, a.width, a.height, a.media_type, a.mime_type, a.damage, a.has_errors,
      a.error_message, a.revision, d.candidates, d.time_known, d.conflict, d.suspicious,
      d.reasons, d.rule_version, d.mtime_ns, d.arrived_at, d.decided_at, d.companions, d.override,
      e.latitude, e.longitude, e.source
    from media_assets a join asset_dates d on d.asset_id = a.id
    left join asset_effective_location e on e.asset_id = a.id order by a.id"""
LINKS = """
    select asset_id, kind, linked_asset_id, relative_path, path_key, file_hash, size_bytes,
      original_name, original_path, evidence
    from asset_links order by asset_id, kind, file_hash, linked_asset_id"""
OCCURRENCES = """
    select s.name, s.source_path, f.path, f.display_path, f.original_name, f.size_bytes,
      f.mtime_ns, f.outcome, f.reason, f.detail, f.file_hash, f.asset_id,
      f.superseded_at is null as is_live, f.source_removed_at is null as is_there
    from files f join sources s on s.id = f.source_id
    where f.outcome in ('filed', 'companion') order by s.name, f.path, f.file_hash"""
ROOTS = "select id, kind, path, root_key from roots where is_marked order by kind"
SOURCES = """
    select s.name, s.source_path, s.default_import_mode, s.auto_import, r.root_key, r.path
    from sources s join roots r on r.id = s.root_id order by s.source_path"""
TARGETS = """
    select t.name, t.is_active, t.is_same_disk, r.id, r.root_key, r.path
    from backup_targets t join roots r on r.id = t.root_id order by t.name"""
LEDGER = "select ledger_id, frozen_reason, default_zone from ledger"
RECORDED = (Record, Captured, Link)
COUNTED = (ASSETS, LINKS, OCCURRENCES, ROOTS, SOURCES, TARGETS, LEDGER)


def dump(database: Database) -> list[list[dict[str, Any]]]:
    """What counts: every hash, path, date, name, link, occurrence and identity."""
    with database.read() as session:
        return [
            [dict(row) for row in session.execute(sa.text(query)).mappings()] for query in COUNTED
        ]


def differences(before: list[list[dict[str, Any]]], after: list[list[dict[str, Any]]]) -> list[Any]:
    """Every value that is not the same (name, before, after)."""
    found: list[Any] = []
    for rows_before, rows_after in zip(before, after, strict=True):
        if len(rows_before) != len(rows_after):
            found.append((rows_before, rows_after))
            continue
        for one, other in zip(rows_before, rows_after, strict=True):
            found += [(name, one[name], other[name]) for name in one if one[name] != other[name]]
    return found


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.fixture
def library(database: Database, folder: DataFolder) -> Factory:
    """Registered as `up` does; the factory files as the librarian does."""
    elsewhere = [folder.path.with_name(name) for name in ("phone", "card", "disk")]
    for each in elsewhere:
        each.mkdir()
    phone, card, disk = elsewhere
    folder_setup.register(database, folder, [Inbox(phone, "move"), Inbox(card, "copy")])
    folder_setup.register(database, folder, [Inbox(phone, "move")])
    database_setup.settle_zone(database, ZONE, "UTC")
    with database.transaction() as session:
        backup_targets.add(session, disk, None)
        backup_targets.remove(session, "Backup")
    household_record.write(database)
    [source_id] = rows_of(database, f"select id from sources where source_path = '{folder.inbox}'")
    return Factory(folder.inbox, folder.originals, source_id.id, database)


@pytest.fixture
def new_database(postgres: Cluster, migrated_template: str) -> Iterator[Database]:
    name = "rebuilt"
    postgres.execute(f"create database {name} template {migrated_template}")
    try:
        with Database(postgres.url(name), application_name="test") as opened:
            yield opened
    finally:
        postgres.execute(f"drop database {name} with (force)")


def file_all(factory: Factory) -> None:
    """File until nothing is decided any more; waiting files are tried again at once."""

    def is_settled() -> bool:
        with factory.database.transaction() as session:
            session.connection().exec_driver_sql("update files set next_attempt_at = null")
        return all(outcome.outcome is None for outcome in factory.file())

    waiting.until(is_settled)


def fill(factory: Factory) -> None:
    """All kinds of things, some of them one after the other."""
    factory.drop("a.jpg", photos.jpeg(seed=1, gps=(48.2, 16.37), taken="2019:07:14 10:00:00"))
    factory.drop("other/a.jpg", photos.jpeg(seed=2, taken="2019:07:14 11:00:00"))
    factory.drop("Kätzchen 猫.jpg", photos.jpeg(seed=3, taken="2019:07:14 12:00:00"))
    factory.drop("IMG_20210203_040506.jpg", photos.jpeg(seed=4, taken=None, modified=None))
    factory.drop("late.jpg", photos.jpeg(seed=5, taken="2019:01:01 12:00:00", modified=None))
    factory.drop("trip.jpg", photos.jpeg(seed=6, taken=None))
    factory.drop("trip.jpg.json", TAKEOUT)
    factory.drop("pair.jpg", photos.jpeg(seed=7, taken="2020:01:02 03:04:05"))
    factory.drop("pair.mp4", photos.video(taken="2020-01-02T02:04:06Z"))
    factory.drop(
        "live.heic", photos.heic(taken="2021:01:02 03:04:05", gps=VIENNA, live_photo_id=ID)
    )
    factory.drop("not\udcffutf8.jpg", photos.jpeg(seed=9, taken="2021:01:03 13:04:05"))
    factory.drop("raw.nef", photos.tiff(taken="2021:01:02 13:04:05"))
    factory.drop("cut.jpg", WHOLE[:-200])
    file_all(factory)
    factory.drop("late.jpg.xmp", XMP)
    factory.drop("raw.jpg", photos.jpeg(taken="2021:01:02 13:04:05", gps=VIENNA))
    factory.drop("live.mov", photos.video(kind="mov", taken=None, tags={CONTENT_IDENTIFIER: ID}))
    factory.drop("cut.jpg", WHOLE)
    factory.drop("again.jpg", photos.jpeg(seed=1, gps=(48.2, 16.37), taken="2019:07:14 10:00:00"))
    file_all(factory)


def correct(factory: Factory) -> None:
    """A person's decisions on two photos; one of them moves, and its partner follows."""
    redates.ask(factory, ["path=*/pair.jpg"], redates.day_off(40), is_moving=True)
    redates.ask(factory, ["path=*/late.jpg"], ClockFix(zone_name="Asia/Tokyo"))
    assert redates.work(factory) == 3


def test_everything_comes_back(
    library: Factory, new_database: Database, folder: DataFolder
) -> None:
    fill(library)
    correct(library)
    before = dump(library.database)

    balance = rebuild.rebuild(new_database, folder)

    assert differences(before, dump(new_database)) == []
    assert not balance.troubles
    assert not balance.missing
    assert balance.outcomes == {"restored": 15, "sidecar": 2}


def test_every_key_that_is_written_is_documented(library: Factory, folder: DataFolder) -> None:
    fill(library)
    correct(library)
    documented = set(re.findall(r"`(\w+)`", (checkout.ROOT / "docs/records.md").read_text()))
    written: set[str] = set()
    for record in folder.originals.rglob(".photofactory.jsonl"):
        for line in record.read_text().splitlines():
            written |= set(keys_of(json.loads(line)))

    assert written - documented == set()
    assert written >= {field.name for kind in RECORDED for field in dataclasses.fields(kind)}


def keys_of(value: object) -> Iterator[str]:
    """Every key, of objects within objects, too; the names of a camera's tags are its own."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from keys_of(item) if key != "tags" else ()
    elif isinstance(value, list):
        for item in value:
            yield from keys_of(item)


def test_files_without_a_record_are_read_anew_with_an_id_of_their_hash(
    library: Factory, new_database: Database, folder: DataFolder
) -> None:
    fill(library)
    for record in folder.originals.rglob(".photofactory.jsonl"):
        record.unlink()
    shutil.copy(folder.originals / "2019/2019-07-14/a.jpg", folder.originals / "copy.jpg")
    (folder.originals / "notes.txt").write_text("not a photo")
    before = {row["file_hash"]: row for row in dump(library.database)[0]}

    balance = rebuild.rebuild(new_database, folder, ZONE)

    after = {row["file_hash"]: row for row in dump(new_database)[0]}
    assert after.keys() == before.keys()
    assert balance.outcomes == {"read anew": 15, "sidecar": 2, "copy of another": 1, "left": 1}
    assert balance.troubles == [("notes.txt", "left: no picture, video or sidecar of one")]
    late = next(row for row in after.values() if row["original_name"] == "late.jpg")
    assert late["captured_local"].isoformat() == "2018-03-04T05:06:07"
    again = rows_of(new_database, "select uuid_extract_version(id) as v from media_assets")
    assert {row.v for row in again} == {5}


def test_what_is_missing_or_was_moved_is_named_or_followed(
    library: Factory, new_database: Database, folder: DataFolder
) -> None:
    fill(library)
    day = folder.originals / "2019/2019-07-14"
    (day / "a.jpg").unlink()
    (folder.originals / "2019/mine").mkdir()
    (day / "a_1.jpg").rename(folder.originals / "2019/mine/b.jpg")
    with (day / ".photofactory.jsonl").open("ab") as record:
        record.write(b'{"format":1,"asset_id":"torn')
    before = {row["file_hash"]: row["id"] for row in dump(library.database)[0]}

    balance = rebuild.rebuild(new_database, folder, ZONE)

    after = {row["file_hash"]: row for row in dump(new_database)[0]}
    assert balance.missing == ["2019/2019-07-14/a.jpg"]
    assert len(after) == len(before) - 1
    assert {file_hash: row["id"] for file_hash, row in after.items()}.items() <= before.items()
    assert "2019/mine/b.jpg" in {row["relative_path"] for row in after.values()}


def test_a_rebuild_that_is_killed_again_and_again_goes_on_and_restores_everything(
    library: Factory, new_database: Database, folder: DataFolder
) -> None:
    fill(library)
    correct(library)
    before = dump(library.database)
    restored: list[int] = []

    for instant in ("recorded:kill:2", "recorded:kill:3", "sidecars:kill", "linked:kill"):
        assert killed(new_database, folder, f"rebuild.{instant}") == -signal.SIGKILL
        restored.append(len(rows_of(new_database, "select id from media_assets")))
        [ledger] = rows_of(new_database, "select frozen_reason from ledger")
        assert "rebuild" in ledger.frozen_reason

    balance = rebuild.rebuild(new_database, folder)

    assert 0 < restored[0] < restored[1] <= restored[2] == 15
    assert balance.outcomes == {"already there": 17}
    assert differences(before, dump(new_database)) == []


def killed(database: Database, folder: DataFolder, fault: str) -> int:
    """How a rebuild in a process of its own ends."""
    url = database.engine.url.render_as_string(hide_password=False)
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-m", "rebuild_child", url, str(folder.path), fault],
        env={"PYTHONPATH": paths, "PATH": os.defpath},
        check=False,
        stdout=subprocess.DEVNULL,
        timeout=60,
    ).returncode


def edit(record: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the newest line of a folder's record by hand."""
    *lines, newest = record.read_text().splitlines()
    value = json.loads(newest)
    change(value)
    record.write_text("\n".join([*lines, json.dumps(value)]) + "\n")


@pytest.mark.parametrize(
    "values",
    [
        {"captured": {"confidence": "sure"}},  # refused by the ledger
        {"ingested_at": "2020-01-01T00:00:00"},  # of no zone
        {"companions": ["xmp"]},
        {"companions": [{"kind": "xmp", "colour": "red"}]},
        {"override": "mine"},
        {"original_name": "a\0b"},
        {"location": {"lat": 91, "lon": 0}},
        {"mtime_ns": 10**30},
        {"revision": None},
        {"file_hash": "../x"},  # such a line is none
        {"name": "../x"},
        {"links": ["x"]},
        {"links": [{"kind": "sequel", "file_hash": "0" * 64}]},  # of a later version
    ],
    ids=str,
)
def test_a_record_that_was_edited_wrongly_costs_what_it_said_and_no_photo(
    library: Factory, new_database: Database, folder: DataFolder, values: dict[str, Any]
) -> None:
    library.drop("a.jpg", photos.jpeg(seed=1, taken="2019:07:14 10:00:00"))
    library.drop("b.jpg", photos.jpeg(seed=2, taken="2019:07:14 11:00:00"))
    library.file()
    before = {row["file_hash"]: row for row in dump(library.database)[0]}

    def change(value: dict[str, Any]) -> None:
        for key, wrong in values.items():
            value[key] = value[key] | wrong if isinstance(value[key], dict) else wrong

    edit(folder.originals / "2019/2019-07-14/.photofactory.jsonl", change)
    balance = rebuild.rebuild(new_database, folder)

    after = {row["file_hash"]: row for row in dump(new_database)[0]}
    assert after.keys() == before.keys()
    for file_hash, row in after.items():
        assert row["relative_path"] == before[file_hash]["relative_path"]
        assert row["captured_local"] == before[file_hash]["captured_local"]
    assert balance.outcomes.total() == 2
    assert balance.outcomes["restored"] >= 1


def test_two_photos_whose_records_name_one_id_are_both_restored(
    library: Factory, new_database: Database, folder: DataFolder
) -> None:
    for number in (1, 2):
        library.drop(f"{number}.jpg", photos.jpeg(seed=number, taken=f"2019:07:0{number} 10:00:00"))
    library.file()
    [first, second] = sorted(folder.originals.rglob("*/*/.photofactory.jsonl"))
    edit(second, lambda value: value.update(json.loads(first.read_text()) | value_of(value)))

    balance = rebuild.rebuild(new_database, folder)

    assert balance.outcomes == {"restored": 1, "read anew": 1}
    assert balance.troubles == [
        ("2019/2019-07-02/2.jpg", "its record names the id of another photo, it was read anew")
    ]
    assert len(rows_of(new_database, "select id from media_assets")) == 2


def value_of(value: dict[str, Any]) -> dict[str, Any]:
    """All of a record but its id."""
    return {key: item for key, item in value.items() if key != "asset_id"}


def test_a_photo_that_was_let_go_and_is_put_back_has_its_id_again(
    library: Factory, new_database: Database, folder: DataFolder
) -> None:
    library.drop("a.jpg", photos.jpeg(seed=1, taken="2019:07:14 10:00:00"))
    library.file()
    day = folder.originals / "2019/2019-07-14"
    edit(day / ".photofactory.jsonl", lambda value: value.update(name=None))
    (day / "a.jpg").rename(day / "back.jpg")

    balance = rebuild.rebuild(new_database, folder)

    assert balance.outcomes == {"restored": 1}
    assert balance.missing == []
    [row] = rows_of(new_database, "select id, original_name from media_assets")
    assert row.id == dump(library.database)[0][0]["id"]


def test_after_a_rebuild_the_factory_goes_on(
    library: Factory, new_database: Database, folder: DataFolder
) -> None:
    fill(library)
    rebuild.rebuild(new_database, folder, ZONE)
    of_ours = f"select id from sources where auto_import and source_path = '{folder.inbox}'"
    [source] = rows_of(new_database, of_ours)
    revived = Factory(folder.inbox, folder.originals, source.id, new_database)
    names = revived.names()
    revived.drop("a.jpg", photos.jpeg(seed=1, gps=(48.2, 16.37), taken="2019:07:14 10:00:00"))
    revived.drop("new.jpg", photos.jpeg(seed=20, taken="2022:02:02 02:02:02"))
    revived.drop("raw.mov", photos.video(kind="mov", taken=None))

    file_all(revived)

    new = ["2021/2021-01-02/raw.mov", "2022/2022-02-02/new.jpg"]
    assert sorted(revived.names()) == sorted([*names, *new])
    assert revived.outcomes()["a.jpg"] == "duplicate"
    assert revived.found() == []


def test_a_record_that_the_medium_does_not_give_back_is_named_with_the_way_out(
    library: Factory, new_database: Database, folder: DataFolder
) -> None:
    fill(library)
    faults.arm("records.read:eio:0")
    try:
        with pytest.raises(UserError, match=r"\.photofactory\.jsonl .* cannot be read") as refused:
            rebuild.rebuild(new_database, folder, ZONE)
    finally:
        faults.arm("")

    assert "copy it back from a backup" in refused.value.way_out
    assert rebuild.rebuild(new_database, folder, ZONE).troubles == []


def test_a_ledger_in_use_is_not_rebuilt(library: Factory, folder: DataFolder) -> None:
    with pytest.raises(UserError, match="in use"):
        start.begin(library.database, str(folder.originals), SystemClock())


def rows_of(database: Database, query: str) -> list[Any]:
    with database.read() as session:
        return list(session.execute(sa.text(query)))
