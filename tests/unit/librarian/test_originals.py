import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from librarian.originals import Originals
from shared.disk import root_folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "Originals"


@pytest.fixture
def originals(root: Path) -> Iterator[Originals]:
    new = root_folder.mark(str(root), "originals", uuid.uuid4())
    with new.known.open() as folder:
        (root / "day").mkdir()
        (root / "day/a.jpg").write_bytes(b"ours")
        yield Originals(folder, 1)


def hash_of(originals: Originals, path: str) -> str:
    found = originals.hash_at(path)
    assert found is not None
    return found[0]


@pytest.fixture
def swap(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another file come under the name of a.jpg just before anybody renames it."""
    rename = os.rename
    swapped: list[bytes] = []

    def after_swap(source: Any, target: Any, **where: int) -> None:  # noqa: ANN401
        if source == b"a.jpg" and not swapped:
            swapped.append(source)
            (root / "new").write_bytes(b"another")
            rename(root / "new", root / "day/a.jpg")
        rename(source, target, **where)

    monkeypatch.setattr(os, "rename", after_swap)


def test_what_we_published_is_withdrawn(originals: Originals, root: Path) -> None:
    originals.withdraw("day/a.jpg", hash_of(originals, "day/a.jpg"))

    assert list((root / "day").iterdir()) == []
    assert list((root / ".photofactory/tmp").iterdir()) == []


@pytest.mark.usefixtures("swap")
def test_a_file_that_comes_under_a_withdrawn_name_stays(originals: Originals, root: Path) -> None:
    originals.withdraw("day/a.jpg", hash_of(originals, "day/a.jpg"))

    assert (root / "day/a.jpg").read_bytes() == b"another"
    assert list((root / ".photofactory/tmp").iterdir()) == []


@pytest.mark.usefixtures("swap")
def test_a_file_that_comes_under_a_dropped_name_stays(originals: Originals, root: Path) -> None:
    originals.give_name("day/a.jpg", "day/b.jpg")

    assert not originals.drop_name("day/a.jpg", "day/b.jpg")

    assert (root / "day/a.jpg").read_bytes() == b"another"
    assert (root / "day/b.jpg").read_bytes() == b"ours"


def test_bytes_set_aside_are_listed(originals: Originals, root: Path) -> None:
    aside = originals.set_aside("day/a.jpg")

    assert originals.kept_aside() == [aside]
    assert (root / aside).read_bytes() == b"ours"


def test_a_look_at_a_folder_that_is_gone_does_not_make_it(originals: Originals, root: Path) -> None:
    assert not originals.is_taken("2020/a.jpg")

    assert not (root / "2020").exists()
