"""Filing with a real ledger on a real disk."""

import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

import factories
import photos
import waiting
from factories import Factory
from librarian import arrivals, records
from librarian.domain import naming
from librarian.domain.facts import Facts
from librarian.originals import Originals
from librarian.repository import originals as original_rows
from librarian.repository import surveying
from shared import errors, faults, ledger, models
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import damages, folders, publish

PHOTO = photos.jpeg()
DAY = "2023/2023-07-01"


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[int]:
    descriptor = folders.open_root(str(folder))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def test_a_photo_is_filed_by_its_capture_day_recorded_and_taken_from_the_inbox(
    factory: Factory,
) -> None:
    content = photos.jpeg(taken="2019:07:14 10:00:00", gps=(48.2, 16.37))
    factory.drop("Camera/IMG_1.JPG", content)

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.is_source_removed) == ("filed", True)
    assert factory.names() == ["2019/2019-07-14/IMG_1.JPG"]
    assert (factory.originals / "2019/2019-07-14/IMG_1.JPG").read_bytes() == content
    [asset] = factory.rows("select * from media_assets")
    assert asset.file_hash == hashlib.sha256(content).hexdigest()
    assert asset.original_path.endswith("Photos_Inbox/Camera/IMG_1.JPG")
    assert asset.final_path == str(factory.originals / "2019/2019-07-14/IMG_1.JPG")
    assert asset.captured_local.isoformat() == "2019-07-14T10:00:00"
    assert asset.location["lat"] == pytest.approx(48.2, abs=1e-4)
    assert factory.events("media.asset.ingested") == 1
    assert factory.found() == []
    assert factory.rows("select * from filings") == []


def test_in_copy_mode_the_source_stays_and_is_known_afterwards(
    database: Database, tmp_path: Path
) -> None:
    factory = factories.make(database, tmp_path, mode="copy")
    path = factory.drop("IMG_1.JPG", photos.jpeg())

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.is_source_removed) == ("filed", False)
    assert path.exists()
    assert factory.file() == []


def test_the_second_of_two_equal_files_in_a_batch_is_a_duplicate(factory: Factory) -> None:
    factory.drop("a.jpg", PHOTO)
    factory.drop("b.jpg", PHOTO)

    factory.file()

    assert factory.outcomes() == {"a.jpg": "filed", "b.jpg": "duplicate"}
    assert factory.names() == [f"{DAY}/a.jpg"]
    assert factory.found() == []
    assert factory.events("media.asset.ingested") == 1
    assert factory.events("media.asset.duplicate_found") == 1


def test_a_photo_that_arrives_again_is_recognised_and_taken(factory: Factory) -> None:
    factory.drop("a.jpg", PHOTO)
    factory.file()
    factory.drop("again/other name.jpg", PHOTO)

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.is_source_removed) == ("duplicate", True)
    assert factory.names() == [f"{DAY}/a.jpg"]


@pytest.mark.parametrize("harm", ["missing", "damaged", "cut"])
def test_an_arrival_heals_its_lost_original(factory: Factory, harm: str) -> None:
    factory.drop("a.jpg", PHOTO)
    factory.file()
    original = factory.originals / DAY / "a.jpg"
    if harm == "missing":
        original.unlink()
    else:
        bad = PHOTO[: len(PHOTO) // 2]
        original.write_bytes(bad if harm == "cut" else bad + bytes(len(PHOTO) - len(bad)))
    factory.drop("b.jpg", PHOTO)

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.reason) == ("duplicate", "healed")
    assert original.read_bytes() == PHOTO
    assert factory.events("media.asset.healed") == 1
    aside = list((factory.originals / ".photofactory").glob("damaged/*"))
    assert len(aside) == (harm != "missing")


def test_other_photos_of_the_same_name_get_numbers(factory: Factory) -> None:
    for number in range(4):
        factory.drop(f"{number}/IMG.jpg", photos.jpeg(seed=number))

    factory.file()

    assert factory.names() == [
        f"{DAY}/{name}" for name in ("IMG.jpg", "IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg")
    ]
    assert {row.original_name for row in factory.rows("select * from media_assets")} == {"IMG.jpg"}


def test_names_that_differ_by_case_or_unicode_form_alone_clash(factory: Factory) -> None:
    names = ["img.JPG", "IMG.jpg", "caf\N{LATIN SMALL LETTER E WITH ACUTE}.jpg", "cafe\u0301.jpg"]
    for number, name in enumerate(names):
        factory.drop(f"{number}/{name}", photos.jpeg(seed=number))

    factory.file()

    keys = {naming.path_key(name) for name in factory.names()}
    assert len(keys) == len(factory.names()) == 4


def test_an_unknown_file_in_the_way_is_kept_and_an_equal_one_adopted(factory: Factory) -> None:
    day = factory.originals / DAY
    day.mkdir(parents=True)
    (day / "other.jpg").write_bytes(b"not ours")
    (day / "equal.jpg").write_bytes(PHOTO)
    factory.drop("other.jpg", photos.jpeg(seed=9))
    factory.drop("equal.jpg", PHOTO)

    factory.file()

    assert factory.names() == [f"{DAY}/{n}" for n in ("equal.jpg", "other.jpg", "other_1.jpg")]
    assert (day / "other.jpg").read_bytes() == b"not ours"
    assert set(factory.outcomes().values()) == {"filed"}


def test_empty_and_unrecognised_files_stay_and_are_named(factory: Factory) -> None:
    empty = factory.drop("empty.jpg", b"")
    foreign = factory.drop("notes.txt", b"remember the milk")

    factory.file()

    assert factory.outcomes() == {"empty.jpg": "quarantined", "notes.txt": "quarantined"}
    assert {row.reason for row in factory.rows("select reason from files")} == {
        "empty",
        "unrecognised",
    }
    assert empty.exists()
    assert foreign.exists()
    assert factory.file() == []


def test_a_truncated_photo_is_filed_and_named_as_damaged(factory: Factory) -> None:
    factory.drop("cut.jpg", PHOTO[:-200])

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.detail) == ("filed", "truncated")
    [asset] = factory.rows("select * from media_assets")
    assert (asset.damage, asset.has_errors) == ("truncated", True)
    assert asset.error_message == "original: truncated"


def test_a_file_that_changed_since_its_release_waits(factory: Factory) -> None:
    factory.drop("a.jpg", PHOTO)
    with factory.filer() as filer, opened(factory.inbox) as descriptor:
        claimed = factory.claim(filer.means.owner.id)
        factory.drop("a.jpg", PHOTO + b"more")

        [outcome] = filer.file(claimed, descriptor)

    assert (outcome.outcome, outcome.reason) == (None, arrivals.CHANGED)
    assert factory.names() == []


@pytest.mark.skipif(not hasattr(fcntl, "F_SETLEASE"), reason="no leases here")
def test_a_file_that_somebody_still_writes_waits(factory: Factory) -> None:
    path = factory.drop("a.jpg", PHOTO)
    with path.open("ab"):
        [outcome] = factory.file()

        assert (outcome.outcome, outcome.reason) == (None, arrivals.OPEN)

    assert factory.names() == []


def test_a_file_that_vanished_after_its_claim_is_named(factory: Factory) -> None:
    path = factory.drop("a.jpg", PHOTO)
    with factory.filer() as filer, opened(factory.inbox) as descriptor:
        claimed = factory.claim(filer.means.owner.id)
        path.unlink()

        [outcome] = filer.file(claimed, descriptor)

    assert outcome.outcome == "vanished"
    assert factory.outcomes() == {"a.jpg": "vanished"}


def test_values_that_the_ledger_refuses_fail_their_file_alone(factory: Factory) -> None:
    class Boasting(factories.DirectReader):
        def read(self, fd: int, name: str) -> Facts:
            facts = super().read(fd, name)
            return dataclasses.replace(facts, width=2**40) if name == "a.jpg" else facts

    path = factory.drop("a.jpg", PHOTO)
    factory.drop("b.jpg", photos.jpeg(seed=5))
    with factory.filer(Boasting()) as filer:
        factory.file(filer)

    assert factory.outcomes() == {"a.jpg": "failed", "b.jpg": "filed"}
    assert factory.names() == [f"{DAY}/b.jpg"]
    assert path.exists()
    assert factory.rows("select * from filings") == []


def test_nothing_is_filed_into_originals_without_their_marker(factory: Factory) -> None:
    path = factory.drop("a.jpg", PHOTO)
    shutil.rmtree(factory.originals / ".photofactory")

    with pytest.raises(errors.DependencyError, match="marker"):
        factory.file()

    assert path.exists()
    assert factory.names() == []


def test_two_librarians_on_one_inbox_file_each_photo_once(factory: Factory) -> None:
    for number in range(12):
        factory.drop(f"{number}.jpg", photos.jpeg(seed=number % 6))

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(factory.file) for _ in range(2)]:
            future.result()
    waiting.until(lambda: factory.file() is not None and not factory.found())

    assert len(factory.names()) == 6
    assert factory.events("media.asset.ingested") == 6
    assert sorted(filter(None, factory.outcomes().values())) == ["duplicate"] * 6 + ["filed"] * 6


def test_who_is_taken_for_dead_while_it_looks_for_a_name_gives_up(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = factory.drop("a.jpg", PHOTO)
    (factory.originals / DAY).mkdir(parents=True)
    (factory.originals / DAY / "a.jpg").write_bytes(b"another")

    def taken_over(*_: object) -> None:
        factory.change("update filings set owner = owner + 1, epoch = epoch + 1")

    monkeypatch.setattr(Originals, "hash_at", taken_over)

    with pytest.raises(errors.DependencyError, match="taken over"):
        factory.file()

    assert path.exists()


def test_a_disk_that_fails_is_waited_for(factory: Factory) -> None:
    path = factory.drop("a.jpg", PHOTO)
    faults.arm("filing.record_line:enospc")
    try:
        with pytest.raises(errors.DependencyError, match="originals"):
            factory.file()
    finally:
        faults.arm("")
    assert path.exists()

    assert factory.file() == []

    assert factory.names() == [f"{DAY}/a.jpg"]
    assert not path.exists()


def test_a_target_that_turns_read_only_is_not_the_fault_of_the_source(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "read-only")

    factory.drop("a.jpg", PHOTO)
    faults.arm("copy.write:eio")
    monkeypatch.setattr(publish, "discard_temporary", refuse)
    try:
        with pytest.raises(errors.DependencyError, match="originals"):
            factory.file()
    finally:
        faults.arm("")

    assert factory.outcomes() == {"a.jpg": None}


def test_a_healed_original_has_its_line_again(factory: Factory) -> None:
    factory.drop("a.jpg", PHOTO)
    factory.file()
    shutil.rmtree(factory.originals / DAY)
    factory.drop("b.jpg", PHOTO)

    [outcome] = factory.file()

    assert outcome.reason == "healed"
    with opened(factory.originals / DAY) as descriptor:
        [record] = records.read(descriptor).values()
    assert (record.name, record.original_name) == ("a.jpg", "a.jpg")


def test_a_healed_original_is_no_trouble_any_more(factory: Factory) -> None:
    factory.drop("a.jpg", PHOTO)
    factory.file()
    (factory.originals / DAY / "a.jpg").unlink()
    now = SystemClock().now()
    [asset] = factory.rows("select id from media_assets")
    with factory.database.transaction() as session:
        surveying.note(session, [surveying.Verdict(asset.id, "", damages.MISSING)], now)
        failure = ledger.Failure(asset.id, "original damaged: it is missing", permanent=True)
        ledger.fail(session, "backed_up", [failure], version=1, now=now)
    factory.drop("b.jpg", PHOTO)

    factory.file()

    [row] = factory.rows("select has_errors, error_message, damage from media_assets")
    assert tuple(row) == (False, None, None)
    assert factory.rows("select * from asset_stages where stage = 'backed_up'") == []


def test_a_duplicate_whose_original_is_in_use_waits(factory: Factory) -> None:
    factory.drop("a.jpg", PHOTO)
    factory.drop("b.jpg", photos.jpeg(seed=2))
    factory.file()
    (factory.originals / DAY / "a.jpg").unlink()
    path = factory.drop("again.jpg", PHOTO)
    gone = factory.drop("b again.jpg", photos.jpeg(seed=2))
    [asset] = factory.rows("select id from media_assets where original_name = 'a.jpg'")

    with original_rows.locked(factory.database, asset.id):
        outcomes = {each.path: each.outcome for each in factory.file()}

    assert outcomes == {b"again.jpg": None, b"b again.jpg": "duplicate"}
    assert path.exists()
    assert not gone.exists()
    factory.time_passes()
    factory.file()
    assert factory.names() == [f"{DAY}/a.jpg", f"{DAY}/b.jpg"]
    assert not path.exists()


def test_a_source_that_cannot_be_removed_is_recorded_and_left(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = factory.drop("a.jpg", PHOTO)
    faults.arm("remove.checked:eio")
    try:
        [outcome] = factory.file()
    finally:
        faults.arm("")

    assert (outcome.outcome, outcome.is_source_removed) == ("filed", False)
    assert path.exists()
    assert factory.file() == []


def test_the_inbox_may_be_the_originals_seen_through_another_path(factory: Factory) -> None:
    """Renaming the source renames the original then: nothing is removed, the root is frozen."""
    factory.drop("a.jpg", PHOTO)
    factory.file()
    day = factory.originals / DAY
    with factory.database.transaction() as session:
        session.execute(sa.update(models.Source).values(source_path=str(day)))
    seen_twice = dataclasses.replace(factory, inbox=day)

    seen_twice.file()

    assert (day / "a.jpg").read_bytes() == PHOTO
    [root] = factory.rows("select * from roots where kind = 'originals'")
    assert root.state == "frozen"
    with pytest.raises(errors.DependencyError, match="frozen"):
        factory.file()
