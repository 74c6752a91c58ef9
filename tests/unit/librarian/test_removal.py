import contextlib
import errno
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from librarian import removal
from librarian.staging import Identity
from shared.disk import folders, renaming

FILE_ID = uuid.UUID(int=7)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[int]:
    descriptor = folders.open_root(str(folder))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def remove(folder: Path, expected: Identity, is_there: Callable[[], bool] = lambda: True) -> bool:
    with opened(folder) as descriptor:
        return removal.remove(descriptor, b"x/a.jpg", expected, FILE_ID, is_there)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "x/a.jpg"
    path.parent.mkdir()
    path.write_bytes(b"first")
    return path


def identity(path: Path) -> Identity:
    return Identity.of(path.stat())


def names(source: Path) -> list[str]:
    return sorted(path.name for path in source.parent.iterdir())


def test_the_file_that_was_read_goes(source: Path, tmp_path: Path) -> None:
    assert remove(tmp_path, identity(source))

    assert names(source) == []


def test_a_file_rewritten_in_place_with_its_old_mtime_stays(source: Path, tmp_path: Path) -> None:
    before = identity(source)
    with source.open("r+b") as file:
        file.write(b"other")
    os.utime(source, ns=(before.mtime_ns, before.mtime_ns))

    assert not remove(tmp_path, before)

    assert source.read_bytes() == b"other"


def test_a_replaced_file_stays(source: Path, tmp_path: Path) -> None:
    before = identity(source)
    other = source.with_name("other")
    other.write_bytes(b"first")
    other.rename(source)

    assert not remove(tmp_path, before)

    assert names(source) == ["a.jpg"]


def test_a_vanished_file_is_no_error(source: Path, tmp_path: Path) -> None:
    before = identity(source)
    source.unlink()

    assert not remove(tmp_path, before)


def test_without_its_original_the_file_gets_its_name_back(source: Path, tmp_path: Path) -> None:
    with pytest.raises(removal.WrongViewError):
        remove(tmp_path, identity(source), lambda: False)

    assert source.read_bytes() == b"first"
    assert names(source) == ["a.jpg"]


def test_a_file_written_while_it_stands_aside_gets_its_name_back(
    source: Path, tmp_path: Path
) -> None:
    before = identity(source)
    aside = source.with_name(os.fsdecode(removal.aside_name(FILE_ID)))
    source.rename(aside)
    with aside.open("ab") as file:
        file.write(b" and more")

    with opened(source.parent) as descriptor:
        is_gone = removal.finish(descriptor, b"a.jpg", aside.name.encode(), before, lambda: True)

    assert not is_gone
    assert source.read_bytes() == b"first and more"


@pytest.mark.parametrize("can_rename", [True, False])
def test_it_never_replaces_a_new_file_of_its_name_and_hides_from_nobody(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, can_rename: bool
) -> None:
    if not can_rename:
        monkeypatch.setattr(renaming, "rename_no_replace", unsupported)
    before = identity(source)

    def come_back() -> bool:
        source.write_bytes(b"new")
        return False

    with pytest.raises(removal.WrongViewError):
        remove(tmp_path, before, come_back)

    assert source.read_bytes() == b"new"
    assert source.with_name("a_1.jpg").read_bytes() == b"first"
    assert names(source) == ["a.jpg", "a_1.jpg"]


def unsupported(*_: object) -> None:
    raise OSError(errno.EINVAL, "not on this file system")


def test_where_a_rename_may_replace_the_arrival_name_is_never_unlinked(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink, unlinked = os.unlink, []

    def unlink_by_name(name: bytes, **how: Any) -> None:  # noqa: ANN401
        unlinked.append(name)
        unlink(name, **how)

    monkeypatch.setattr(renaming, "rename_no_replace", unsupported)
    monkeypatch.setattr(os, "unlink", unlink_by_name)

    assert remove(tmp_path, identity(source))

    assert unlinked == [removal.aside_name(FILE_ID)]
    assert names(source) == []


def test_without_such_a_rename_it_gets_its_name_back_too(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renaming, "rename_no_replace", unsupported)

    with pytest.raises(removal.WrongViewError):
        remove(tmp_path, identity(source), lambda: False)

    assert names(source) == ["a.jpg"]


def test_an_original_that_cannot_be_looked_at_gives_the_name_back(
    source: Path, tmp_path: Path
) -> None:
    def fail() -> bool:
        raise OSError(errno.EIO, "the disk fails")

    with pytest.raises(OSError, match="the disk fails"):
        remove(tmp_path, identity(source), fail)

    assert names(source) == ["a.jpg"]
