import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from librarian import scanner
from librarian.arrivals import Found


@pytest.fixture
def root_fd(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


def paths(met: Iterator[scanner.Met]) -> set[bytes]:
    return {each.path for each in met if isinstance(each, Found)}


def test_every_regular_file_below_the_folder_is_met(tmp_path: Path, root_fd: int) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "deep.jpg").write_bytes(b"1")
    (tmp_path / "top.jpg").write_bytes(b"22")

    met = {each.path: each for each in scanner.walk(root_fd) if isinstance(each, Found)}

    assert met.keys() == {b"top.jpg", b"a/b/deep.jpg"}
    assert met[b"top.jpg"].size == 2


def test_a_name_that_is_no_text_is_met_as_bytes(tmp_path: Path, root_fd: int) -> None:
    name = b"caf\xe9.jpg"
    (Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))).write_bytes(b"1")

    assert paths(scanner.walk(root_fd)) == {name}


def test_links_and_special_files_are_passed_over(tmp_path: Path, root_fd: int) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"1")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "photo.jpg")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.jpg")

    assert paths(scanner.walk(root_fd)) == {b"photo.jpg"}


def test_debris_is_named_by_its_rule_and_its_folder_is_not_entered(
    tmp_path: Path, root_fd: int
) -> None:
    (tmp_path / ".stversions").mkdir()
    (tmp_path / ".stversions" / "old.jpg").write_bytes(b"1")
    (tmp_path / ".syncthing.new.jpg.tmp").write_bytes(b"1")

    met = list(scanner.walk(root_fd))

    assert {(each.path, each.rule) for each in met if isinstance(each, scanner.Debris)} == {
        (b".stversions", "syncthing-versions"),
        (b".syncthing.new.jpg.tmp", "syncthing-partial"),
    }
    assert paths(iter(met)) == set()


def test_what_a_person_calls_debris_is_left_alone_too(tmp_path: Path, root_fd: int) -> None:
    (tmp_path / "@Cache").mkdir()
    (tmp_path / "@Cache" / "1.jpg").write_bytes(b"1")
    (tmp_path / "1.BAK").write_bytes(b"1")
    (tmp_path / "1.jpg").write_bytes(b"1")

    met = list(scanner.walk(root_fd, ignored=("*.bak", "@CACHE")))

    assert {(each.path, each.rule) for each in met if isinstance(each, scanner.Debris)} == {
        (b"@Cache", "configured"),
        (b"1.BAK", "configured"),
    }
    assert paths(iter(met)) == {b"1.jpg"}


def test_a_hidden_file_that_a_person_names_is_no_debris(tmp_path: Path, root_fd: int) -> None:
    (tmp_path / ".secret.jpg").write_bytes(b"1")

    assert paths(scanner.walk(root_fd, b".secret.jpg", is_named=True)) == {b".secret.jpg"}


def test_a_start_that_is_gone_is_unreadable_with_the_reason(root_fd: int) -> None:
    assert list(scanner.walk(root_fd, b"gone")) == [
        scanner.Unreadable(b"gone", "No such file or directory")
    ]


def test_folders_nested_deeper_than_the_stack_are_walked(tmp_path: Path, root_fd: int) -> None:
    folder = str(tmp_path)
    (tmp_path / "stays.jpg").write_bytes(b"1")
    for _ in range(600):  # os.makedirs and pytest's own clean-up would recurse
        folder += "/a"
        os.mkdir(folder)
    os.close(os.open(f"{folder}/x.jpg", os.O_CREAT))

    found = paths(scanner.walk(root_fd))

    os.unlink(f"{folder}/x.jpg")
    os.removedirs(folder)
    assert found == {b"stays.jpg", b"a/" * 600 + b"x.jpg"}


def test_a_folder_named_like_a_partial_download_is_entered(tmp_path: Path, root_fd: int) -> None:
    (tmp_path / "Holiday.part").mkdir()
    (tmp_path / "Holiday.part" / "1.jpg").write_bytes(b"1")
    (tmp_path / "2.jpg.part").write_bytes(b"1")

    assert paths(scanner.walk(root_fd)) == {b"Holiday.part/1.jpg"}
