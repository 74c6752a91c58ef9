"""Only an empty folder or one of ours is used, and by one process at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import UserError
from suite import data_folder
from suite.data_folder import DataFolder


def claim(path: Path) -> None:
    with data_folder.claim(DataFolder(path), "up"):
        pass


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    claim(tmp_path / "a/b")

    assert DataFolder(tmp_path / "a/b").exists


def test_an_empty_folder_with_debris_of_the_system_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").touch()

    claim(tmp_path)

    assert DataFolder(tmp_path).exists


def test_a_used_folder_is_taken_again(tmp_path: Path) -> None:
    claim(tmp_path)
    (tmp_path / "Photos_Inbox").mkdir()

    claim(tmp_path)


def test_a_foreign_folder_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()

    with pytest.raises(UserError, match=r"thesis\.doc"):
        claim(tmp_path)

    assert os.listdir(tmp_path) == ["thesis.doc"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UserError, match="not a folder"):
        claim(tmp_path / "file")


def test_the_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    claim(tmp_path)
    (tmp_path / data_folder.MARK).write_text('{"format": 99}')

    with pytest.raises(UserError, match="another version"):
        claim(tmp_path)


def test_originals_restored_without_the_mark_are_ours(tmp_path: Path) -> None:
    (tmp_path / "Storage/Originals/.photofactory").mkdir(parents=True)

    claim(tmp_path)


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_folder, "NEEDED_FREE_BYTES", 2**62)

    with pytest.raises(UserError, match="full"):
        claim(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(UserError, match="permission"):
        claim(tmp_path / "new")


def test_the_second_process_is_told_who_is_there(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    program = (
        "import sys; from pathlib import Path; from suite import data_folder\n"
        "with data_folder.claim(data_folder.DataFolder(Path(sys.argv[1])), 'up'):\n"
        "    print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as first:
        assert first.stdout
        first.stdout.readline()

        with pytest.raises(UserError, match=rf"up \(process {first.pid}\)"):
            claim(tmp_path)
        assert data_folder.holder(folder) == f"up (process {first.pid})"
        first.communicate(b"")

    assert data_folder.holder(folder) is None
    claim(tmp_path)
