"""A root is opened only if it is the one that we know."""

import os
import shutil
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared import errors
from shared.disk import root_folder, root_markers
from shared.disk.root_folder import KnownRoot

LEDGER = UUID(int=1)


def mark(path: Path, ledger: UUID = LEDGER) -> KnownRoot:
    return root_folder.mark(str(path), "originals", ledger).known


def test_marking_makes_the_folder_and_probes_it(tmp_path: Path) -> None:
    new = root_folder.mark(str(tmp_path / "Originals"), "originals", LEDGER, must_be_empty=True)

    marker = root_markers.read_marker_at(str(tmp_path / "Originals"))
    assert marker == root_markers.Marker(new.known.id, LEDGER, "originals")
    assert new.known.key == str(new.known.id)
    assert new.capabilities is not None
    assert new.capabilities.can_publish


def test_marking_again_finds_the_same_root(tmp_path: Path) -> None:
    assert mark(tmp_path) == mark(tmp_path)


def test_a_folder_of_another_ledger_is_refused_with_the_way_out(tmp_path: Path) -> None:
    mark(tmp_path, UUID(int=7))

    with pytest.raises(errors.UserError, match=str(UUID(int=7))) as caught:
        mark(tmp_path)

    assert "rebuild" in caught.value.way_out


def test_a_folder_with_another_use_is_refused(tmp_path: Path) -> None:
    mark(tmp_path)

    with pytest.raises(errors.UserError, match="already used for originals"):
        root_folder.mark(str(tmp_path), "backup", LEDGER)


def test_a_first_run_takes_no_folder_with_files(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")

    with pytest.raises(errors.UserError, match="not empty"):
        root_folder.mark(str(tmp_path), "originals", LEDGER, must_be_empty=True)

    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_only_the_last_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(errors.UserError, match="No such file"):
        mark(tmp_path / "unmounted/Originals")


def test_an_opened_root_works_by_descriptor(tmp_path: Path) -> None:
    known = mark(tmp_path)
    (tmp_path / "photo.jpg").write_bytes(b"bytes")

    with known.open() as root:
        file_fd = root.open_file(b"photo.jpg")
        assert os.read(file_fd, 9) == b"bytes"
        for fd in (file_fd, root.ensure_folders(b"2024"), root.open_folder(b"2024")):
            os.close(fd)
        assert os.listdir(root.temporary_fd) == []


def test_a_missing_folder_is_offline_and_never_made(tmp_path: Path) -> None:
    known = mark(tmp_path / "disk")
    shutil.rmtree(tmp_path / "disk")

    with pytest.raises(root_folder.RootOfflineError):
        known.open()

    assert not (tmp_path / "disk").exists()


def test_an_empty_folder_in_its_place_is_offline_and_never_marked(tmp_path: Path) -> None:
    known = mark(tmp_path / "disk")
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    (tmp_path / "disk").mkdir()

    with pytest.raises(root_folder.RootOfflineError, match="is the disk mounted"):
        known.open()

    assert os.listdir(tmp_path / "disk") == []


def test_the_root_of_another_ledger_is_named(tmp_path: Path) -> None:
    known = mark(tmp_path / "disk")
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    mark(tmp_path / "disk", UUID(int=7))

    with pytest.raises(root_folder.RootOfAnotherLedgerError) as caught:
        known.open()

    assert caught.value.marker.ledger_id == UUID(int=7)


def test_another_root_of_this_ledger_is_frozen(tmp_path: Path) -> None:
    known = mark(tmp_path / "disk")
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    mark(tmp_path / "disk")

    with pytest.raises(root_folder.RootFrozenError, match="another root"):
        known.open()


def test_a_damaged_marker_freezes(tmp_path: Path) -> None:
    known = mark(tmp_path)
    (tmp_path / ".photofactory/root.json").write_text("{")

    with pytest.raises(root_folder.RootFrozenError, match="not JSON"):
        known.open()


def test_a_frozen_root_is_read_and_not_written(tmp_path: Path) -> None:
    found = mark(tmp_path)
    known = KnownRoot(found.id, found.path, found.key, LEDGER, frozen_reason="40 vanished")

    with pytest.raises(root_folder.RootFrozenError, match="40 vanished"):
        known.open()
    known.open(is_for_writing=False).close()


def test_a_foreign_folder_is_recognised_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    known = root_folder.recognise(str(tmp_path / "inbox")).known

    with known.open() as root, pytest.raises(root_folder.RootFrozenError, match="not ours"):
        _ = root.temporary_fd

    assert os.listdir(tmp_path / "inbox") == []


def test_another_folder_in_the_place_of_a_foreign_one_is_offline(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    known = root_folder.recognise(str(tmp_path / "inbox")).known
    (tmp_path / "inbox").rename(tmp_path / "unmounted")
    (tmp_path / "inbox").mkdir()

    with pytest.raises(root_folder.RootOfflineError, match="another folder"):
        known.open()


def test_a_folder_without_the_marker_that_syncthing_had_there_is_said_to_be_so(
    tmp_path: Path,
) -> None:
    (tmp_path / ".stfolder").mkdir()
    known = root_folder.recognise(str(tmp_path)).known
    (tmp_path / ".stfolder").rmdir()

    with pytest.raises(root_folder.RootOfflineError, match=r"lost its \.stfolder"):
        known.open()


def test_what_is_no_folder_is_not_recognised(tmp_path: Path) -> None:
    with pytest.raises(errors.UserError, match="No such file"):
        root_folder.recognise(str(tmp_path / "absent"))


def test_a_lost_marker_comes_back_only_on_request(tmp_path: Path) -> None:
    known = mark(tmp_path)
    shutil.rmtree(tmp_path / ".photofactory")

    root_folder.mark_again(known, "originals")

    known.open().close()
    with pytest.raises(ValueError, match="foreign"):
        root_folder.mark_again(KnownRoot(uuid4(), str(tmp_path), "fs:1:2"), "source")
