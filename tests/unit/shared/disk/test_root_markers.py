"""Markers: written once, read strictly."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from shared.disk import publish, root_markers
from shared.disk.root_markers import HighWater, Marker

LEDGER = UUID(int=1)
MARKER = Marker(UUID(int=2), LEDGER, "originals")


@pytest.fixture
def root_fd(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def test_a_marker_is_read_as_it_was_written(root_fd: int, tmp_path: Path) -> None:
    assert root_markers.read_marker(root_fd) is None

    root_markers.write_marker(root_fd, MARKER)

    assert root_markers.read_marker(root_fd) == MARKER
    assert root_markers.read_marker_at(str(tmp_path)) == MARKER
    assert list((tmp_path / ".photofactory/tmp").iterdir()) == []


def test_a_marker_is_never_overwritten(root_fd: int, tmp_path: Path) -> None:
    root_markers.write_marker(root_fd, MARKER)

    with pytest.raises(publish.NameTakenError):
        root_markers.write_marker(root_fd, Marker(UUID(int=3), UUID(int=4), "inbox"))

    assert root_markers.read_marker(root_fd) == MARKER
    assert list((tmp_path / ".photofactory/tmp").iterdir()) == []


def test_no_folder_has_no_marker(tmp_path: Path) -> None:
    assert root_markers.read_marker_at(str(tmp_path / "absent")) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"root_id": "x", "ledger_id": "y"}'])
def test_a_damaged_marker_is_not_taken_for_none(root_fd: int, tmp_path: Path, content: str) -> None:
    (tmp_path / ".photofactory").mkdir()
    (tmp_path / ".photofactory/root.json").write_text(content)

    with pytest.raises(root_markers.MarkerUnreadableError):
        root_markers.read_marker(root_fd)


def test_a_linked_marker_is_not_followed(root_fd: int, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    other_fd = os.open(other, os.O_RDONLY)
    root_markers.write_marker(other_fd, MARKER)
    os.close(other_fd)
    (tmp_path / ".photofactory").symlink_to("other/.photofactory")

    with pytest.raises(root_markers.MarkerUnreadableError):
        root_markers.read_marker(root_fd)


def test_the_high_water_mark_is_replaced(root_fd: int) -> None:
    root_markers.write_marker(root_fd, MARKER)
    assert root_markers.read_high_water(root_fd) is None

    for log_id in (10, 20):
        root_markers.write_high_water(root_fd, HighWater(LEDGER, 1, log_id))

    assert root_markers.read_high_water(root_fd) == HighWater(LEDGER, 1, 20)


def test_an_older_ledger_is_below_the_high_water_mark() -> None:
    mark = HighWater(LEDGER, 3, 100)

    assert mark.is_above(99)
    assert not mark.is_above(100)


@pytest.mark.parametrize(
    ("known", "found", "is_same"),
    [
        ("fs:1:2", "fs:1:2", True),
        ("fs:1:2", "fs:1:3", False),
        ("fs:1:2", "fs:9:2", False),
        ("fs:1:2", "fs:1:2:stfolder", True),
        ("fs:1:2:stfolder", "fs:1:2", False),
        ("fs:1:2:stfolder", "fs:9:2:stfolder", True),
        ("fs:1:2:stfolder", "fs:1:3:stfolder", False),
    ],
)
def test_a_foreign_folder_is_known_by_its_identity(known: str, found: str, is_same: bool) -> None:
    assert root_markers.is_same_foreign(known, found) is is_same


def test_syncthings_folder_is_part_of_the_identity(root_fd: int, tmp_path: Path) -> None:
    before = root_markers.foreign_key(root_fd)
    (tmp_path / ".stfolder").mkdir()

    assert root_markers.foreign_key(root_fd) == f"{before}:stfolder"
