"""Copies of originals on real folders, by a real ledger."""

import hashlib
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

import assets
import library
from backup import repository, verification
from backup.handlers import Handler
from backup.targets import Targets
from hand_clock import HandClock
from library import Library
from shared import errors, faults, ledger, models
from shared.database import Database

PHOTO = b"a photo" * 1000
PATH = "2024/2024-05-17/a.jpg"


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Library:
    return library.make(database, tmp_path)


@pytest.fixture
def usb(folder: Library) -> UUID:
    return add_target(folder, "usb")


@pytest.fixture
def handler(database: Database) -> Handler:
    return Handler(database, HandClock(), 2)


def add_target(folder: Library, name: str) -> UUID:
    root_id = folder.root("backup", name)
    with folder.database.transaction() as session:
        target = models.BackupTarget(name=name, root_id=root_id, is_same_disk=True)
        session.add(target)
        session.flush()
        return target.id


def unplug(folder: Library, name: str) -> None:
    folder.path("", name).rename(folder.path("", f"{name}-unplugged"))


def plug_in(folder: Library, name: str) -> None:
    folder.path("", f"{name}-unplugged").rename(folder.path("", name))


def copies(folder: Library, asset_id: UUID) -> dict[UUID, tuple[str, str]]:
    with folder.database.read() as session:
        rows = session.scalars(
            sa.select(models.AssetCopy).where(models.AssetCopy.asset_id == asset_id)
        )
        return {row.target_id: (row.relative_path, row.state) for row in rows}


def stage(folder: Library, asset_id: UUID) -> Any:  # noqa: ANN401
    return assets.stage(folder.database, asset_id, "backed_up")


def look(folder: Library, targets: Targets | None = None) -> list[str]:
    return (targets or Targets(folder.database, HandClock())).look()


def left_overs(folder: Library, name: str) -> list[str]:
    return os.listdir(folder.path(".photofactory/tmp", name))


def test_an_original_is_copied_verified_and_told(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    asset_id = folder.file(PATH, PHOTO)
    os.utime(folder.path(PATH), ns=(1, 1_234_567_890))
    record = folder.path("2024/2024-05-17/.photofactory.jsonl")
    record.write_bytes(b'{"first": 1}\n')

    folder.handle(handler, asset_id)

    copy = folder.path(PATH, "usb")
    assert copy.read_bytes() == PHOTO
    assert copy.stat().st_mtime_ns == 1_234_567_890
    assert copies(folder, asset_id) == {usb: (PATH, "verified")}
    assert assets.read(folder.database, asset_id).is_backed_up
    assert assets.topics_told(folder.database, asset_id) == ["media.asset.backed_up"]
    assert copy.with_name(record.name).read_bytes() == record.read_bytes()
    assert left_overs(folder, "usb") == []


def test_the_record_of_a_folder_follows_only_when_it_grew(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    record = "2024/2024-05-17/.photofactory.jsonl"
    first = folder.file(PATH, PHOTO)
    folder.path(record).write_bytes(b"one\n")
    folder.handle(handler, first)
    folder.path(record).write_bytes(b"one\ntwo\n")
    folder.handle(handler, folder.file("2024/2024-05-17/b.jpg", PHOTO + b"b"))
    assert folder.path(record, "usb").read_bytes() == b"one\ntwo\n"

    folder.path(record).write_bytes(b"one\n")
    folder.handle(handler, folder.file("2024/2024-05-17/c.jpg", PHOTO + b"c"))

    assert folder.path(record, "usb").read_bytes() == b"one\ntwo\n"


def test_a_record_begun_anew_keeps_the_lines_of_its_older_copy(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    record = "2024/2024-05-17/.photofactory.jsonl"
    first = folder.file(PATH, PHOTO)
    folder.path(record).write_bytes(b"one\ntwo\nthree\n")
    folder.handle(handler, first)
    copies = []
    for number, content in enumerate((b"new\n", b"new\nthree\n", b"new\nthree\nfour\n")):
        folder.path(record).write_bytes(content)
        name = f"2024/2024-05-17/{number}.jpg"
        folder.handle(handler, folder.file(name, PHOTO + b"%d" % number))
        copies.append(folder.path(record, "usb").read_bytes())

    assert copies == [
        b"one\ntwo\nthree\nnew\n",
        b"one\ntwo\nnew\nthree\n",
        b"one\ntwo\nnew\nthree\nfour\n",
    ]


def test_a_copy_of_a_record_that_cannot_be_read_is_kept_aside_and_made_anew(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    record = "2024/2024-05-17/.photofactory.jsonl"
    first = folder.file(PATH, PHOTO)
    folder.path(record).write_bytes(b"one\n")
    folder.handle(handler, first)
    folder.path(record).write_bytes(b"one\ntwo\n")
    second = folder.file("2024/2024-05-17/b.jpg", PHOTO + b"b")

    faults.arm("backup.record:eio")
    try:
        folder.handle(handler, second)
    finally:
        faults.arm("")

    assert assets.read(folder.database, second).is_backed_up
    assert folder.path(record, "usb").read_bytes() == b"one\ntwo\n"
    [aside] = folder.path(".photofactory/damaged", "usb").iterdir()
    assert aside.read_bytes() == b"one\n"


def test_a_record_that_grows_without_a_photo_is_copied_later(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    record = "2024/2024-05-17/.photofactory.jsonl"
    clock = HandClock()
    targets = Targets(folder.database, clock)
    folder.handle(handler, folder.file(PATH, PHOTO))
    look(folder, targets)
    folder.path(record).write_bytes(b"redated\n")

    look(folder, targets)
    assert not folder.path(record, "usb").exists()
    clock.pass_by(300)
    look(folder, targets)

    assert folder.path(record, "usb").read_bytes() == b"redated\n"


def test_a_damaged_original_is_never_copied(folder: Library, handler: Handler, usb: UUID) -> None:
    asset_id = folder.file(PATH, PHOTO)
    folder.path(PATH).write_bytes(PHOTO[:-1] + b"X")
    gone = folder.file("2024/gone.jpg", b"gone")
    folder.path("2024/gone.jpg").unlink()

    folder.handle(handler, asset_id, gone)

    for each, why in ((asset_id, "was filed"), (gone, "it is missing")):
        found = stage(folder, each)
        assert found.state == "quarantined"
        assert found.error.startswith("original damaged: ")
        assert found.error.endswith(why)
        assert copies(folder, each) == {}
    assert not folder.path(PATH, "usb").exists()
    assert left_overs(folder, "usb") == []


def test_an_original_that_was_moved_meanwhile_is_not_called_damaged(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    asset_id = folder.file(PATH, PHOTO)
    with folder.database.read() as session:
        stale = handler.load(session, [asset_id])[asset_id]
    folder.path("moved.jpg").write_bytes(PHOTO)
    folder.path(PATH).unlink()
    with folder.database.transaction() as session:
        asset = session.get_one(models.MediaAsset, asset_id)
        asset.relative_path = asset.path_key = "moved.jpg"

    with pytest.raises(Exception, match="was moved meanwhile"):
        handler.work(stale)
    folder.handle(handler, asset_id)

    assert copies(folder, asset_id) == {usb: ("moved.jpg", "verified")}


def test_a_name_that_is_taken_is_adopted_or_passed_over(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    same, other = folder.file("same.jpg", PHOTO), folder.file("other.jpg", PHOTO + b"1")
    folder.path("same.jpg", "usb").write_bytes(PHOTO)
    inode = folder.path("same.jpg", "usb").stat().st_ino
    folder.path("other.jpg", "usb").write_bytes(b"older")

    folder.handle(handler, same, other)

    assert copies(folder, same)[usb] == ("same.jpg", "verified")
    assert folder.path("same.jpg", "usb").stat().st_ino == inode
    assert copies(folder, other)[usb] == (f"other-{other}.jpg", "verified")
    assert folder.path("other.jpg", "usb").read_bytes() == b"older"
    assert folder.path(f"other-{other}.jpg", "usb").read_bytes() == PHOTO + b"1"


def test_a_target_that_is_away_holds_back_only_itself(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    nas = add_target(folder, "nas")
    targets = Targets(folder.database, HandClock())
    assert look(folder, targets) == []
    asset_id = folder.file(PATH, PHOTO)
    unplug(folder, "usb")

    folder.handle(handler, asset_id)

    assert copies(folder, asset_id) == {nas: (PATH, "verified")}
    assert not assets.read(folder.database, asset_id).is_backed_up
    assert stage(folder, asset_id).state == "retrying"
    assert stage(folder, asset_id).error.startswith("no copy on usb: root ")
    assert assets.topics_told(folder.database, asset_id) == []
    assert not folder.path("", "usb").exists()

    [away] = look(folder, targets)
    assert away.startswith("backup target usb: ")
    plug_in(folder, "usb")
    assert look(folder, targets) == []
    assert stage(folder, asset_id) is None

    folder.handle(handler, asset_id)

    assert set(copies(folder, asset_id)) == {usb, nas}
    assert assets.read(folder.database, asset_id).is_backed_up


def test_everything_waits_while_no_target_is_there(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    asset_id = folder.file(PATH, PHOTO)
    unplug(folder, "usb")

    outcome = folder.handle(handler, asset_id)

    assert "usb" in str(outcome.waiting_for)
    assert stage(folder, asset_id) is None


def test_a_full_target_is_away(folder: Library, handler: Handler, usb: UUID) -> None:
    asset_id = folder.file(PATH, PHOTO)
    faults.arm("copy.write:enospc")

    try:
        outcome = folder.handle(handler, asset_id)
    finally:
        faults.arm("")

    assert "backup target usb" in str(outcome.waiting_for)
    assert left_overs(folder, "usb") == []
    folder.handle(handler, asset_id)
    assert assets.read(folder.database, asset_id).is_backed_up


def test_a_new_target_gets_what_was_backed_up_before(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    early = folder.file(PATH, PHOTO)
    targets = Targets(folder.database, HandClock())
    folder.handle(handler, early)
    look(folder, targets)
    assert assets.read(folder.database, early).is_backed_up
    nas = add_target(folder, "nas")

    look(folder, targets)

    assert not assets.read(folder.database, early).is_backed_up
    folder.handle(handler, early)
    assert set(copies(folder, early)) == {usb, nas}
    assert assets.read(folder.database, early).is_backed_up


def test_without_a_target_there_is_nothing_to_do_until_there_is_one(
    folder: Library, handler: Handler
) -> None:
    asset_id = folder.file(PATH, PHOTO)
    folder.handle(handler, asset_id)
    assert stage(folder, asset_id).state == "not_applicable"
    add_target(folder, "usb")

    look(folder)

    assert stage(folder, asset_id) is None


def test_a_target_on_the_disk_of_the_originals_is_known_as_such(folder: Library, usb: UUID) -> None:
    with folder.database.transaction() as session:
        repository.set_same_disk(session, usb, is_same_disk=False)

    look(folder)

    with folder.database.read() as session:
        assert session.get_one(models.BackupTarget, usb).is_same_disk


def wrong(folder: Library, *, is_deep: bool = False) -> list[verification.Wrong]:
    with folder.database.read() as session:
        targets = repository.active_targets(session)
    return [
        each
        for target in targets
        for each in verification.find(folder.database, target, is_deep=is_deep)
    ]


def make_again(folder: Library, found: list[verification.Wrong]) -> None:
    assert verification.make_again(folder.database, found, HandClock().now()) == len(found)
    look(folder)


def test_a_damaged_copy_is_found_put_aside_and_made_again(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    asset_id = folder.file(PATH, PHOTO)
    folder.handle(handler, asset_id)
    assert wrong(folder, is_deep=True) == []
    folder.path(PATH, "usb").write_bytes(PHOTO[::-1])
    assert wrong(folder) == []

    found = wrong(folder, is_deep=True)
    make_again(folder, found)
    assert not assets.read(folder.database, asset_id).is_backed_up
    folder.handle(handler, asset_id)

    assert [(each.path, each.state, each.detail) for each in found] == [
        (PATH, "damaged", "other bytes")
    ]
    assert wrong(folder, is_deep=True) == []
    [aside] = folder.path(".photofactory/damaged", "usb").iterdir()
    assert aside.read_bytes() == PHOTO[::-1]
    assert assets.read(folder.database, asset_id).is_backed_up


def test_a_lost_or_cut_copy_is_noticed_without_reading_and_made_again(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    ids = [folder.file(f"2024/{name}.jpg", PHOTO + name.encode()) for name in "ab"]
    for asset_id in ids:
        folder.handle(handler, asset_id)
    folder.path("2024/a.jpg", "usb").unlink()
    folder.path("2024/b.jpg", "usb").write_bytes(b"cut")

    found = wrong(folder)
    make_again(folder, found)
    for asset_id in ids:
        folder.handle(handler, asset_id)

    assert {each.path: each.state for each in found} == {
        "2024/a.jpg": "missing",
        "2024/b.jpg": "damaged",
    }
    assert wrong(folder, is_deep=True) == []


def test_a_target_that_is_away_has_no_lost_copies(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    folder.handle(handler, folder.file(PATH, PHOTO))
    unplug(folder, "usb")
    folder.path("", "usb").mkdir()

    with pytest.raises(errors.DependencyError, match="no marker"):
        wrong(folder)


def test_a_copy_keeps_its_path_when_the_original_gets_another(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    asset_id = folder.file(PATH, PHOTO)
    folder.handle(handler, asset_id)
    folder.path(PATH).rename(folder.path("redated.jpg"))
    with folder.database.transaction() as session:
        asset = session.get_one(models.MediaAsset, asset_id)
        asset.relative_path = asset.path_key = "redated.jpg"
        session.get_one(models.AssetCopy, (asset_id, usb)).state = "missing"
    look(folder)

    folder.handle(handler, asset_id)

    assert copies(folder, asset_id) == {usb: (PATH, "verified")}
    assert not folder.path("redated.jpg", "usb").exists()


def add_sidecar(folder: Library, asset_id: UUID, content: bytes) -> None:
    with folder.database.transaction() as session:
        session.add(
            models.AssetLink(
                asset_id=asset_id,
                kind="xmp",
                root_id=folder.originals,
                relative_path=f"{PATH}.xmp",
                path_key=f"{PATH}.xmp",
                file_hash=hashlib.sha256(content).hexdigest(),
                size_bytes=len(content),
            )
        )


def test_sidecars_are_copied_with_their_asset(folder: Library, handler: Handler, usb: UUID) -> None:
    asset_id = folder.file(PATH, PHOTO)
    add_sidecar(folder, asset_id, b"<x:xmpmeta/>")
    folder.handle(handler, asset_id)
    assert stage(folder, asset_id).state == "retrying"
    assert "sidecar 2024/2024-05-17/a.jpg.xmp is missing" in stage(folder, asset_id).error
    assert copies(folder, asset_id) == {}
    folder.path(f"{PATH}.xmp").write_bytes(b"<x:xmpmeta/>")
    look(folder)

    folder.handle(handler, asset_id)

    assert folder.path(f"{PATH}.xmp", "usb").read_bytes() == b"<x:xmpmeta/>"
    assert assets.read(folder.database, asset_id).is_backed_up


def test_a_sidecar_that_arrives_later_is_copied_too(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    asset_id = folder.file(PATH, PHOTO)
    folder.handle(handler, asset_id)
    inode = folder.path(PATH, "usb").stat().st_ino
    folder.path(f"{PATH}.xmp").write_bytes(b"late")
    add_sidecar(folder, asset_id, b"late")
    with folder.database.transaction() as session:
        ledger.clear(session, "backed_up", [asset_id], now=HandClock().now())

    folder.handle(handler, asset_id)

    assert folder.path(f"{PATH}.xmp", "usb").read_bytes() == b"late"
    assert folder.path(PATH, "usb").stat().st_ino == inode
    assert assets.read(folder.database, asset_id).is_backed_up


@pytest.mark.parametrize("content", [None, b"cut"])
def test_a_lost_or_cut_copy_of_a_sidecar_is_noticed_and_made_again(
    folder: Library, handler: Handler, usb: UUID, content: bytes | None
) -> None:
    asset_id = folder.file(PATH, PHOTO)
    folder.path(f"{PATH}.xmp").write_bytes(b"<x:xmpmeta/>")
    add_sidecar(folder, asset_id, b"<x:xmpmeta/>")
    assert wrong(folder, is_deep=True) == []
    folder.handle(handler, asset_id)
    assert wrong(folder, is_deep=True) == []
    copy = folder.path(f"{PATH}.xmp", "usb")
    copy.unlink()
    if content is not None:
        copy.write_bytes(content)

    found = wrong(folder)
    make_again(folder, found)
    folder.handle(handler, asset_id)

    assert [(each.path, each.state) for each in found] == [
        (f"{PATH}.xmp", "missing" if content is None else "damaged")
    ]
    assert wrong(folder, is_deep=True) == []
    assert copies(folder, asset_id) == {usb: (PATH, "verified")}


def test_other_bytes_in_a_copy_of_a_sidecar_are_found_by_reading_and_passed_over(
    folder: Library, handler: Handler, usb: UUID
) -> None:
    asset_id = folder.file(PATH, PHOTO)
    folder.path(f"{PATH}.xmp").write_bytes(b"<x:xmpmeta/>")
    add_sidecar(folder, asset_id, b"<x:xmpmeta/>")
    folder.handle(handler, asset_id)
    own = [f"{PATH}.xmp", f"{PATH}-{asset_id}.xmp"]
    for path in own:  # first the usual path rots, then the other one
        folder.path(path, "usb").write_bytes(b"<x:XMPMETA/>")
        assert wrong(folder) == []
        make_again(folder, wrong(folder, is_deep=True))
        folder.handle(handler, asset_id)
        assert wrong(folder, is_deep=True) == []

    assert folder.path(own[1], "usb").read_bytes() == b"<x:xmpmeta/>"
    [aside] = folder.path(".photofactory/damaged", "usb").iterdir()
    assert aside.read_bytes() == b"<x:XMPMETA/>"


def test_left_overs_of_a_killed_backup_are_removed_when_they_are_old(
    folder: Library, usb: UUID
) -> None:
    clock = HandClock()
    for name, age_s in (("backup-old", 7200), ("backup-new", 10), ("other", 7200)):
        path = folder.path(f".photofactory/tmp/{name}", "usb")
        path.touch()
        os.utime(path, (clock.now().timestamp() - age_s,) * 2)

    look(folder)

    assert sorted(left_overs(folder, "usb")) == ["backup-new", "other"]
