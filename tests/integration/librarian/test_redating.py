"""Dates decided anew, applied as a job, moved, taken back; with a real ledger and real files."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

import factories
import photos
import redates
from factories import Factory
from librarian import records
from shared import models
from shared.database import Database
from shared.errors import UserError

CANON = photos.jpeg(taken="2019:07:14 10:00:00", make="Canon", model="Canon EOS 5D", seed=1)
NIKON = photos.jpeg(taken="2019:07:14 11:00:00", make="NIKON", model="D80", seed=2)
DAY, NEXT_DAY = "2019/2019-07-14", "2019/2019-07-15"


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    made = factories.make(database, tmp_path)
    redates.set_zone(made, "Europe/Vienna")
    made.drop("canon.jpg", CANON)
    made.drop("nikon.jpg", NIKON)
    made.file()
    return made


def dates(factory: Factory) -> dict[str, str]:
    rows = factory.rows(
        "select original_name, captured_local, utc_offset_minutes from media_assets"
    )
    return {
        row.original_name: f"{row.captured_local:%Y-%m-%d %H:%M} {row.utc_offset_minutes:+}"
        for row in rows
    }


def everything(factory: Factory) -> list[object]:
    """Dates and paths, without what counts changes."""
    return [
        *factory.rows("select id, relative_path, path_key, final_path, captured_local, captured_at,"
                      " utc_offset_minutes, offset_source, captured_at_source, date_confidence"
                      " from media_assets order by id"),
        *factory.rows("select asset_id, candidates, time_known, conflict, suspicious, reasons,"
                      " override from asset_dates order by asset_id"),
        *factory.rows("select id, relative_path, path_key from asset_links order by id"),
    ]  # fmt: skip


def folder_record(factory: Factory, folder: str) -> dict[str, records.Record]:
    with (factory.originals / folder / records.NAME.decode()).open("rb") as lines:
        return {each.original_name: each for each in records.parse(lines)}


def test_without_another_rule_nothing_changes(factory: Factory) -> None:
    found = redates.preview(factory, is_moving=True)

    assert (found.seen, found.changes, found.misplaced) == (2, [], 0)
    assert sum(found.known.values()) == 2


def test_a_changed_zone_is_applied_told_and_taken_back(factory: Factory) -> None:
    before = everything(factory)
    redates.set_zone(factory, "America/New_York")

    job_id = redates.ask(factory)
    assert dates(factory)["canon.jpg"] == "2019-07-14 10:00 +120"
    redates.work(factory)

    assert dates(factory) == {
        "canon.jpg": "2019-07-14 10:00 -240",
        "nikon.jpg": "2019-07-14 11:00 -240",
    }
    assert factory.events("media.asset.redated") == 2
    assert {row.revision for row in factory.rows("select revision from media_assets")} == {2}
    assert folder_record(factory, DAY)["canon.jpg"].captured.offset_minutes == -240
    [job] = factory.rows("select state, result from jobs where id = :id", id=job_id)
    assert (job.state, job.result) == ("completed", {"applied": 2})

    redates.undo(factory, job_id)
    redates.work(factory)

    assert everything(factory) == before
    with pytest.raises(UserError, match="nothing"):
        redates.undo(factory, job_id)


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (["camera=canon eos*"], {"canon.jpg"}),
        (["camera=nikon d80"], {"nikon.jpg"}),
        (["from=2019-07-14T10:30"], {"nikon.jpg"}),
        (["from=2019-07-14", "to=2019-07-14T10:30"], {"canon.jpg"}),
        (["to=2019-07-14", "path=2019/*/CANON*"], set()),
        (["path=*/canon*", "path=*/nikon*"], {"canon.jpg", "nikon.jpg"}),
        (["confidence=high", "zone-source=default", "conflict=no"], {"canon.jpg", "nikon.jpg"}),
        (["suspicious=yes"], set()),
        (["source=EXIF:*"], {"canon.jpg", "nikon.jpg"}),
    ],
)
def test_criteria_choose_photos(factory: Factory, where: list[str], names: set[str]) -> None:
    redates.set_zone(factory, "America/New_York")

    found = redates.preview(factory, where)

    assert {change.name for change in found.changes} == names


def test_an_original_that_is_lost_moves_no_other_file_into_its_place(factory: Factory) -> None:
    stranger = factory.originals / NEXT_DAY / "canon.jpg"
    stranger.parent.mkdir()
    stranger.write_bytes(b"of somebody else")
    redates.ask(factory, ["camera=canon*"], redates.day_off(1), is_moving=True)
    (factory.originals / DAY / "canon.jpg").unlink()

    redates.work(factory)

    assert factory.names() == [f"{DAY}/nikon.jpg", f"{NEXT_DAY}/canon.jpg"]
    [item] = factory.rows("select after ->> 'reason' as why from job_assets")
    assert "is not there" in item.why


def test_a_date_that_a_person_set_is_kept(factory: Factory) -> None:
    redates.pretend_older_rules(factory, captured_local=redates.OLD)
    with factory.database.transaction() as session:
        session.execute(sa.update(models.AssetDate).values(override={"kind": "manual"}))

    found = redates.preview(factory)

    assert (found.kept, found.changes, found.misplaced) == (2, [], 2)


def test_a_fix_of_a_clock_outlives_later_redates(factory: Factory) -> None:
    redates.ask(factory, ["camera=canon*"], redates.day_off(1))
    redates.work(factory)

    assert dates(factory)["canon.jpg"].startswith("2019-07-15 10:00")
    assert dates(factory)["nikon.jpg"].startswith("2019-07-14 11:00")
    assert factory.names() == [f"{DAY}/canon.jpg", f"{DAY}/nikon.jpg"]
    again = redates.preview(factory)
    assert (again.changes, again.misplaced) == ([], 1)

    redates.set_zone(factory, "America/New_York")
    redates.ask(factory)
    redates.work(factory)

    assert dates(factory)["canon.jpg"] == "2019-07-15 10:00 -240"
    assert folder_record(factory, DAY)["canon.jpg"].override is not None


def test_what_changed_since_the_preview_is_left_alone(factory: Factory) -> None:
    redates.set_zone(factory, "America/New_York")
    job_id = redates.ask(factory)
    redates.set_zone(factory, "Asia/Tokyo")
    with factory.database.transaction() as session:
        session.execute(
            sa.update(models.MediaAsset)
            .where(models.MediaAsset.original_name == "canon.jpg")
            .values(captured_local=redates.OLD)
        )

    redates.work(factory)

    reasons = factory.rows("select state, after ->> 'reason' as reason from job_assets")
    assert {row.state for row in reasons} == {"skipped"}
    assert {row.reason.partition(" changed")[0] for row in reasons} == {
        "changed since the preview",
        "rules or settings",
    }
    assert dates(factory)["nikon.jpg"].endswith("+120")
    [job] = factory.rows("select result from jobs where id = :id", id=job_id)
    assert job.result == {"skipped": 2}


def test_files_follow_their_dates_with_their_sidecars_and_come_back(factory: Factory) -> None:
    sidecar = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    factory.drop("canon.jpg.xmp", sidecar)
    factory.file()
    before = everything(factory)
    assert factory.names() == [f"{DAY}/{n}" for n in ("canon.jpg", "canon.jpg.xmp", "nikon.jpg")]

    job_id = redates.ask(factory, fix=redates.day_off(1), is_moving=True)
    redates.work(factory)

    assert factory.names() == [
        f"{NEXT_DAY}/{name}" for name in ("canon.jpg", "canon.jpg.xmp", "nikon.jpg")
    ]
    assert (factory.originals / NEXT_DAY / "canon.jpg").read_bytes() == CANON
    assert (factory.originals / NEXT_DAY / "canon.jpg.xmp").read_bytes() == sidecar
    assert not (factory.originals / DAY).exists()
    assert factory.events("media.asset.moved") == 2
    line = folder_record(factory, NEXT_DAY)["canon.jpg"]
    assert (line.name, line.captured.source) == ("canon.jpg", "manual")
    assert [link.name for link in line.links] == ["canon.jpg.xmp"]

    redates.undo(factory, job_id)
    redates.work(factory)

    assert everything(factory) == before
    assert not (factory.originals / NEXT_DAY).exists()


def test_a_photo_that_moves_with_its_sidecar_is_backed_up_again(factory: Factory) -> None:
    factory.drop("canon.jpg.xmp", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    factory.file()
    factory.change("update media_assets set is_backed_up = true, backed_up_at = now()")

    redates.ask(factory, fix=redates.day_off(1), is_moving=True)
    redates.work(factory)

    backed_up = factory.rows("select original_name, is_backed_up from media_assets order by 1")
    assert backed_up == [("canon.jpg", False), ("nikon.jpg", True)]


def test_a_folder_that_was_left_alone_can_follow_later(factory: Factory) -> None:
    redates.ask(factory, ["camera=canon*"], redates.day_off(1))
    redates.work(factory)

    job_id = redates.ask(factory, is_moving=True)
    redates.work(factory)

    assert factory.names() == [f"{DAY}/nikon.jpg", f"{NEXT_DAY}/canon.jpg"]
    left = folder_record(factory, DAY)
    assert (left["canon.jpg"].name, left["nikon.jpg"].name) == (None, "nikon.jpg")

    redates.undo(factory, job_id)
    redates.work(factory)

    assert factory.names() == [f"{DAY}/canon.jpg", f"{DAY}/nikon.jpg"]
    assert dates(factory)["canon.jpg"].startswith("2019-07-15")


def test_nothing_is_replaced_where_a_name_is_taken(factory: Factory) -> None:
    day = factory.originals / NEXT_DAY
    day.mkdir()
    (day / "canon.jpg").write_bytes(b"of somebody else")
    factory.drop("nikon.jpg", photos.jpeg(taken="2019:07:15 10:00:00", seed=3))
    factory.file()

    redates.ask(factory, ["path=2019/2019-07-14/*"], redates.day_off(1), is_moving=True)
    redates.work(factory)

    assert factory.names() == [
        f"{NEXT_DAY}/{name}" for name in ("canon.jpg", "canon_1.jpg", "nikon.jpg", "nikon_1.jpg")
    ]
    assert (day / "canon.jpg").read_bytes() == b"of somebody else"
    assert (day / "canon_1.jpg").read_bytes() == CANON
    assert (day / "nikon_1.jpg").read_bytes() == NIKON


def test_a_lost_original_stays_known_where_it_was(factory: Factory) -> None:
    (factory.originals / DAY / "canon.jpg").unlink()

    redates.ask(factory, fix=redates.day_off(1), is_moving=True)
    redates.work(factory)

    assert factory.names() == [f"{NEXT_DAY}/nikon.jpg"]
    [row] = factory.rows("select relative_path from media_assets where original_name = 'canon.jpg'")
    assert row.relative_path == f"{DAY}/canon.jpg"
    [item] = factory.rows("select after from job_assets where after ->> 'reason' is not null")
    assert "not there" in json.dumps(item.after)
