"""The numbers of the status, on a real ledger."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

import dashboard_ledger
from dashboard import library_queries, queries
from dashboard.status import StageCounts, Status
from dashboard_ledger import NOW, Ledger
from shared import models
from shared.database import Database
from shared.disk import damages


@pytest.fixture
def ledger(database: Database, tmp_path: Path) -> Ledger:
    return Ledger(database, tmp_path)


def read(ledger: Ledger, expected: tuple[str, ...] = ()) -> Status:
    with ledger.database.read() as session:
        return queries.read(session, NOW, expected)


def test_an_empty_library_is_well(ledger: Ledger) -> None:
    status = read(ledger)

    assert status.is_well
    assert status.assets.total == 0
    assert [root.state for root in status.roots] == ["online"] * 3
    assert status.latest == []


def test_every_photo_is_counted_once_per_stage(ledger: Ledger) -> None:
    placed = ledger.photo(1, location={"lat": 48.8, "lon": 2.3})
    plain, failed = ledger.photo(2), ledger.photo(3, media_type="video")
    ledger.stage(placed, "thumbnailed", "done")
    ledger.stage(plain, "thumbnailed", "retrying", "time-out")
    ledger.stage(failed, "thumbnailed", "quarantined", "no picture in it")

    status = read(ledger)

    assert (status.assets.total, status.assets.images, status.assets.videos) == (3, 2, 1)
    assert status.assets.with_errors == 2
    geocoded, thumbnailed, backed_up = status.stages
    assert geocoded == StageCounts(stage="geocoded", pending=1, not_applicable=2)
    assert thumbnailed == StageCounts(stage="thumbnailed", done=1, retrying=1, quarantined=1)
    assert backed_up == StageCounts(stage="backed_up", pending=3)
    assert {error.error for error in status.errors} == {"time-out", "no picture in it"}


def test_a_stage_tells_what_it_has_to_do_apart_from_what_is_not_for_it(ledger: Ledger) -> None:
    ledger.photo(1)  # without a position
    ledger.stage(ledger.photo(2), "geocoded", "not_applicable")
    ledger.stage(ledger.photo(3), "geocoded", "running")
    place(ledger, placed_later := ledger.photo(4))
    place(ledger, again := ledger.photo(5))
    ledger.stage(again, "geocoded", "running")
    done = {"is_geocoded": True, "geocoded_at": NOW}
    ledger.stage(ledger.photo(6, **done), "geocoded", "running")  # once more, for a newer version
    ledger.stage(ledger.photo(7, removed_at=NOW), "geocoded", "retrying")
    ledger.stage(placed_later, "backed_up", "not_applicable")

    geocoded, _, backed_up = read(ledger).stages

    assert geocoded == StageCounts(stage="geocoded", done=1, running=2, pending=1, not_applicable=2)
    assert backed_up == StageCounts(stage="backed_up", pending=5, not_applicable=1)


def place(ledger: Ledger, asset_id: UUID) -> None:
    """Find a position after filing."""
    with ledger.database.transaction() as session:
        session.add(
            models.AssetLocation(asset_id=asset_id, latitude=48.8, longitude=2.3, source="manual")
        )


def test_files_are_counted_by_what_became_of_them(ledger: Ledger) -> None:
    ledger.inbox("/home/ana/Phone")
    values_of: dict[bytes, dict[str, Any]] = {
        b"a.jpg": {"outcome": "filed"},
        b"b.jpg": {"outcome": "filed"},
        b"c.jpg": {"outcome": "filed", "superseded_at": NOW},
        b"d.jpg": {"superseded_at": NOW},
        b"e.jpg": {},
        b"f.xmp": {"reason": "its photo is not there"},
    }
    with ledger.database.transaction() as session:
        source_id = session.scalar(sa.select(models.Source.id))
        for path, values in values_of.items():
            name = path.decode()
            session.add(
                models.File(
                    source_id=source_id,
                    path=path,
                    display_path=name,
                    original_name=name,
                    size_bytes=1,
                    mtime_ns=1,
                    **values,
                )
            )

    assert read(ledger).files == {"filed": 2, "quarantined": 1, "open": 1, "waiting": 1}


def test_a_removed_target_is_no_longer_watched(ledger: Ledger) -> None:
    ledger.target([])
    with ledger.database.transaction() as session:
        session.execute(sa.update(models.BackupTarget).values(is_active=False))

    assert {root.kind for root in read(ledger).roots} == {"originals", "derivatives"}


def test_a_removed_photo_is_nowhere(ledger: Ledger) -> None:
    gone = ledger.photo()
    with ledger.database.transaction() as session:
        session.execute(sa.update(models.MediaAsset).filter_by(id=gone).values(removed_at=NOW))

    status = read(ledger)

    assert status.assets.total == 0
    assert status.latest == []
    assert all(stage.pending == 0 for stage in status.stages)


def test_the_latest_photos_come_first(ledger: Ledger) -> None:
    added = [ledger.photo(seed) for seed in range(library_queries.LATEST + 2)]

    latest = read(ledger).latest

    assert [photo.id for photo in latest] == added[::-1][: library_queries.LATEST]


def test_a_backup_on_the_same_disk_is_named_with_what_it_lacks(ledger: Ledger) -> None:
    copied, _ = ledger.photo(1), ledger.photo(2)
    ledger.target([copied])

    (backup,) = read(ledger).backups

    assert backup.is_same_disk
    assert (backup.verified_copies, backup.missing_copies) == (1, 1)


def test_inboxes_tell_their_mode_and_what_was_not_filed(ledger: Ledger) -> None:
    ledger.inbox("/home/ana/Phone", default_import_mode="copy", watching="polling", waiting=2)

    status = read(ledger)

    (inbox,) = status.inboxes
    assert (inbox.mode, inbox.watching, inbox.waiting) == ("copy", "polling", 2)
    (unfiled,) = status.unfiled
    assert (unfiled.path, unfiled.reason) == ("/home/ana/Phone/broken.jpg", "empty_file")
    assert status.files == {"quarantined": 1}


def test_services_have_colours_and_those_that_should_run_are_missed(ledger: Ledger) -> None:
    ledger.beat("librarian", age_s=61)
    ledger.beat("geocoder", age_s=181)
    ledger.beat("thumbnailer", "ERROR")
    ledger.beat("relay")

    status = read(ledger, dashboard_ledger.SERVICES)

    assert [(each.name, each.colour) for each in status.services] == [
        ("librarian", "yellow"),
        ("thumbnailer", "red"),
        ("geocoder", "red"),
        ("backup", "red"),
        ("dashboard", "red"),
    ]
    assert not status.is_well
    assert status.alerts == [
        "thumbnailer: Idle",
        "geocoder is silent since 2024-05-17 11:56 UTC",
        "backup has never reported",
        "dashboard has never reported",
    ]


def test_originals_lost_after_filing_are_an_alert(ledger: Ledger) -> None:
    ledger.photo(1, damage="truncated")  # it came like that
    assert read(ledger).is_well

    ledger.photo(2, damage=damages.MISSING)

    status = read(ledger)
    assert not status.is_well
    assert status.assets.damaged == 2
    [alert] = status.alerts
    assert alert.startswith("1 original is missing or changed")


def test_frozen_and_missing_folders_are_alerts(ledger: Ledger) -> None:
    with ledger.database.transaction() as session:
        root = sa.update(models.Root)
        session.execute(
            root.filter_by(kind="originals").values(state="frozen", state_reason="40 vanished")
        )
        session.execute(root.filter_by(kind="backup").values(state="offline", path="/not/there"))

    status = read(ledger)

    assert len(status.alerts) == 2
    assert "originals" in status.alerts[0]
    assert "40 vanished; ./photofactory thaw" in status.alerts[0]
    assert "/not/there is offline" in status.alerts[1]
    assert status.roots[-1].free_bytes is None or status.roots[0].free_bytes is None
