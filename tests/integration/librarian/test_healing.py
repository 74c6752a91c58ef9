"""Lost originals come back from copies; what a person let go of is known, and may come back."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import backups
import factories
import photos
import redates
from factories import DirectReader, Factory
from librarian import forgetting, reconcile, repairing
from librarian.adoption import Adopter
from librarian.originals import Originals
from librarian.reconcile import Reconciler
from librarian.repairing import Balance
from librarian.repository import originals as original_rows
from shared import errors
from shared.clock import SystemClock
from shared.database import Database
from shared.ownership import Owner

DAY = "2023/2023-07-01"
FIRST, SECOND = photos.jpeg(seed=1), photos.jpeg(seed=2)
AAE = b'<?xml version="1.0"?><plist version="1.0"><dict/></plist>'


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    made = factories.make(database, tmp_path)
    made.drop("a.jpg", FIRST)
    made.drop("b.jpg", SECOND)
    made.drop("a.aae", AAE)
    made.file()
    return made


@contextlib.contextmanager
def opened(factory: Factory) -> Iterator[Adopter]:
    with Owner(factory.database) as owner, factory.database.read() as session:
        catalog_id = original_rows.library(session)
        known = original_rows.root_of(session, catalog_id)
        with known.open() as folder:
            originals = Originals(folder, owner.id)
            yield Adopter(
                factory.database, originals, DirectReader(), SystemClock(), owner.id, catalog_id
            )


def repair(factory: Factory, *, is_deep: bool = True) -> Balance:
    with opened(factory) as adopter:
        reconciler = Reconciler(factory.database, adopter.originals, is_deep=is_deep)
        return repairing.repair(reconciler, adopter)


def forget(factory: Factory, name: str) -> None:
    with opened(factory) as adopter:
        [row] = factory.rows("select id from media_assets where original_name = :name", name=name)
        lost = forgetting.wanted(factory.database, adopter.originals, row.id)
        forgetting.forget(factory.database, adopter.originals, lost, "anna", SystemClock().now())


def asset(factory: Factory, name: str) -> tuple[bool, str | None]:
    """Whether it is removed, and its damage."""
    [row] = factory.rows(
        "select removed_at, damage from media_assets where original_name = :name", name=name
    )
    return row.removed_at is not None, row.damage


def aside(factory: Factory) -> list[bytes]:
    return [path.read_bytes() for path in (factory.originals / ".photofactory/damaged").glob("*")]


def test_missing_and_changed_originals_and_sidecars_come_back_from_copies(
    factory: Factory,
) -> None:
    backups.make(factory)
    (factory.originals / DAY / "a.jpg").unlink()
    (factory.originals / DAY / "a.jpg.aae").unlink()
    (factory.originals / DAY / "b.jpg").write_bytes(SECOND[::-1])

    balance = repair(factory)

    assert balance.repaired == {reconcile.MISSING: 2, reconcile.CHANGED: 1}
    assert (factory.originals / DAY / "a.jpg").read_bytes() == FIRST
    assert (factory.originals / DAY / "a.jpg.aae").read_bytes() == AAE
    assert (factory.originals / DAY / "b.jpg").read_bytes() == SECOND
    assert aside(factory) == [SECOND[::-1]]
    assert [each.difference.kind for each in balance.left] == [reconcile.ASIDE]
    assert factory.events("media.asset.healed") == 3


def test_a_sidecar_comes_back_from_a_copy_that_found_its_name_taken(factory: Factory) -> None:
    target = backups.make(factory)
    [[asset_id]] = factory.rows("select asset_id from asset_links")
    copy = target / DAY / "a.jpg.aae"
    copy.rename(target / DAY / f"a.jpg-{asset_id}.aae")
    copy.write_bytes(b"of another photo")
    (factory.originals / DAY / "a.jpg.aae").unlink()

    repair(factory)

    assert (factory.originals / DAY / "a.jpg.aae").read_bytes() == AAE


def test_a_copy_that_is_damaged_itself_restores_nothing_and_the_next_one_does(
    factory: Factory,
) -> None:
    first = backups.make(factory, "A")
    (first / DAY / "a.jpg").write_bytes(FIRST[::-1])
    (factory.originals / DAY / "a.jpg").unlink()

    balance = repair(factory)

    assert [(each.difference.kind, each.is_passing) for each in balance.left] == [
        (reconcile.MISSING, False)
    ]
    assert "no copy with its content" in balance.left[0].why
    backups.make(factory, "B")  # without a.jpg
    (factory.inbox.parent / "B" / DAY / "a.jpg").write_bytes(FIRST)
    assert repair(factory).left == []
    assert (factory.originals / DAY / "a.jpg").read_bytes() == FIRST
    assert list((factory.originals / ".photofactory/tmp").iterdir()) == []


def test_a_whole_folder_comes_back_with_its_record(factory: Factory) -> None:
    backups.make(factory)
    for path in sorted((factory.originals / DAY).iterdir()):
        path.unlink()
    (factory.originals / DAY).rmdir()

    assert repair(factory).left == []

    assert factory.names() == [f"{DAY}/{name}" for name in ("a.jpg", "a.jpg.aae", "b.jpg")]
    assert repair(factory).repaired == {}


def test_an_original_that_was_moved_by_hand_is_followed_and_not_restored(factory: Factory) -> None:
    backups.make(factory)
    (factory.originals / DAY).rename(factory.originals / "holiday")

    assert repair(factory).left == []

    assert factory.names() == [f"holiday/{name}" for name in ("a.jpg", "a.jpg.aae", "b.jpg")]
    assert not (factory.originals / DAY).exists()


def test_only_an_original_that_is_gone_can_be_forgotten(factory: Factory) -> None:
    with pytest.raises(errors.UserError, match="is there"):
        forget(factory, "a.jpg")

    (factory.originals / DAY / "a.jpg").unlink()
    factory.change("update media_assets set damage = 'missing' where original_name = 'a.jpg'")
    forget(factory, "a.jpg")

    assert asset(factory, "a.jpg") == (True, None)
    assert factory.rows("select has_errors from media_assets where has_errors") == []
    [event] = factory.rows("select data from event_log where topic = 'media.asset.curated'")
    assert "anna" in str(event.data)
    with pytest.raises(errors.UserError, match="removed from the library before"):
        forget(factory, "a.jpg")


def test_what_was_forgotten_is_no_difference_and_not_restored(factory: Factory) -> None:
    backup = backups.make(factory)
    (factory.originals / DAY / "b.jpg").unlink()
    forget(factory, "b.jpg")

    balance = repair(factory)

    assert (balance.left, balance.repaired) == ([], {})
    assert factory.names() == [f"{DAY}/a.jpg", f"{DAY}/a.jpg.aae"]
    assert (backup / DAY / "b.jpg").read_bytes() == SECOND


def test_the_sidecar_of_a_forgotten_photo_is_not_missed_and_brings_it_not_back(
    factory: Factory,
) -> None:
    backups.make(factory)
    for name in ("a.jpg", "a.jpg.aae"):
        (factory.originals / DAY / name).unlink()
    forget(factory, "a.jpg")
    factory.drop("a.aae", AAE)

    assert repair(factory).left == []
    factory.file()

    assert asset(factory, "a.jpg") == (True, None)
    assert f"{DAY}/a.jpg" not in factory.names()


def test_a_forgotten_photo_whose_folder_is_gone_leaves_it_gone(factory: Factory) -> None:
    os.rename(factory.originals / DAY, factory.originals.parent / "elsewhere")

    forget(factory, "b.jpg")

    assert not (factory.originals / DAY).exists()


def test_a_forgotten_photo_that_arrives_again_is_filed_again(factory: Factory) -> None:
    (factory.originals / DAY / "b.jpg").unlink()
    forget(factory, "b.jpg")
    before = factory.rows("select id, captured_at from media_assets order by id")
    factory.drop("again.jpg", SECOND)

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.is_source_removed) == ("duplicate", True)
    assert (factory.originals / DAY / "b.jpg").read_bytes() == SECOND
    assert asset(factory, "b.jpg") == (False, None)
    assert factory.rows("select id, captured_at from media_assets order by id") == before
    assert repair(factory).left == []


def test_a_forgotten_photo_that_is_put_back_is_known_again(factory: Factory) -> None:
    path = factory.originals / DAY / "b.jpg"
    path.rename(factory.originals.parent / "b.jpg")
    forget(factory, "b.jpg")
    (factory.originals.parent / "b.jpg").rename(path)

    balance = repair(factory)

    assert balance.repaired[reconcile.RETURNED] == 1
    assert balance.left == []
    assert asset(factory, "b.jpg") == (False, None)


def test_in_a_copied_inbox_a_forgotten_photo_stays_forgotten_until_a_job_names_it(
    database: Database, tmp_path: Path
) -> None:
    factory = factories.make(database, tmp_path, "copy")
    factory.drop("b.jpg", SECOND)
    factory.file()
    (factory.originals / DAY / "b.jpg").unlink()
    forget(factory, "b.jpg")

    assert factory.file() == []
    assert asset(factory, "b.jpg") == (True, None)


def test_a_link_in_the_place_of_a_folder_stops_only_the_photos_behind_it(
    factory: Factory, tmp_path: Path
) -> None:
    day, elsewhere = factory.originals / DAY, tmp_path / "elsewhere"
    day.rename(elsewhere)
    day.symlink_to(elsewhere)
    before = sorted(path.name for path in elsewhere.iterdir())
    factory.drop("again.jpg", FIRST)
    factory.drop("new.jpg", photos.jpeg(taken="2019:07:14 10:00:00", seed=3))

    factory.file()

    assert factory.outcomes()["new.jpg"] == "filed"
    [waiting] = factory.rows("select display_path, reason from files where outcome is null")
    assert tuple(waiting) == ("again.jpg", "no folder")
    assert [found.path for found in factory.found()] == [b"again.jpg"]

    redates.ask(factory, ["path=*/a.jpg"], redates.day_off(1))
    redates.work(factory)
    left = repair(factory).left
    assert {each.difference.kind for each in left} == {reconcile.MISSING}
    assert sorted(path.name for path in elsewhere.iterdir()) == before

    day.unlink()
    elsewhere.rename(day)
    assert repair(factory).repaired == {reconcile.NO_LINE: 1}
    factory.time_passes()
    factory.file()
    assert factory.outcomes()["again.jpg"] == "duplicate"
    assert factory.found() == []
