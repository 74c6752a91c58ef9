import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.disk import aside, folders


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    descriptor = folders.open_root(str(tmp_path))
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("name", ["a.jpg", "写" * 80 + ".jpg", "a" + "写" * 80, "ab" + "写" * 80])
def test_what_is_set_aside_keeps_the_end_of_its_name_as_text(
    root: int, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"rotten")

    kept = aside.set_aside(root, root, name.encode()).decode()

    assert name.endswith(kept.partition("-")[2])
    assert (tmp_path / kept).read_bytes() == b"rotten"
    assert not (tmp_path / name).exists()


def test_equal_names_are_kept_beside_each_other(root: int, tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        (tmp_path / "a.jpg").write_bytes(content)
        aside.set_aside(root, root, b"a.jpg")

    kept = (tmp_path / os.fsdecode(aside.FOLDER)).iterdir()
    assert sorted(path.read_bytes() for path in kept) == [b"first", b"second"]
