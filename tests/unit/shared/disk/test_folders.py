"""Descending below a root by descriptors."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.disk import folders


@pytest.fixture
def root_fd(tmp_path: Path) -> Iterator[int]:
    fd = folders.open_root(str(tmp_path))
    yield fd
    os.close(fd)


def test_missing_folders_are_made(root_fd: int, tmp_path: Path) -> None:
    fd = folders.ensure_folders(root_fd, b"2024/2024-05-01")
    os.close(os.open(b"here", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)
    os.close(folders.ensure_folders(root_fd, b"2024/2024-05-01"))

    assert (tmp_path / "2024/2024-05-01/here").exists()


def test_the_empty_path_is_the_root(root_fd: int) -> None:
    fd = folders.open_folder(root_fd, b"")

    assert os.path.sameopenfile(fd, root_fd)
    os.close(fd)


def test_open_folder_makes_nothing(root_fd: int, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        folders.open_folder(root_fd, b"2024")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("relative", [b"..", b"a/../b", b"/etc", b"a//b", b"a/", b"."])
def test_a_path_that_is_not_plain_is_refused(root_fd: int, relative: bytes) -> None:
    with pytest.raises(folders.UnusablePathError):
        folders.ensure_folders(root_fd, relative)


def test_links_are_never_followed(root_fd: int, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/photo").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "photo").symlink_to("real/photo")

    for open_it, path in [
        (folders.open_folder, b"link"),
        (folders.ensure_folders, b"link/2024"),
        (folders.open_file, b"link/photo"),
        (folders.open_file, b"photo"),
    ]:
        with pytest.raises(folders.UnusablePathError):
            open_it(root_fd, path)


def test_only_regular_files_are_opened(root_fd: int, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()

    for name in (b"pipe", b"folder"):
        with pytest.raises(folders.UnusablePathError, match="regular"):
            folders.open_file(root_fd, name)


def test_a_name_that_is_not_utf8_is_opened(root_fd: int, tmp_path: Path) -> None:
    with open(os.path.join(os.fsencode(tmp_path), b"caf\xe9.jpg"), "wb") as file:
        file.write(b"bytes")

    fd = folders.open_file(root_fd, b"caf\xe9.jpg")

    assert os.read(fd, 10) == b"bytes"
    os.close(fd)


def test_descriptors_survive_a_folder_that_is_moved_away(root_fd: int, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    fd = folders.open_folder(root_fd, b"a")
    (tmp_path / "a").rename(tmp_path / "b")

    os.close(folders.ensure_folders(fd, b"new"))

    assert (tmp_path / "b/new").is_dir()
    os.close(fd)
