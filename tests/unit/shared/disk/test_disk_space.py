"""Who stops first when a disk fills."""

import os
from pathlib import Path

import pytest

from shared import errors
from shared.disk import disk_space
from shared.disk.disk_space import Floors, Purpose


def test_enough_space_is_silent(tmp_path: Path) -> None:
    floors = Floors(*[0] * 4)

    disk_space.check(str(tmp_path), Purpose.FILING, floors=floors)


def test_a_writer_waits_below_its_floor(tmp_path: Path) -> None:
    free = disk_space.free_bytes(str(tmp_path))
    assert free is not None
    floors = Floors(thumbnails_bytes=2 * free, filing_bytes=0)
    fd = os.open(tmp_path, os.O_RDONLY)

    disk_space.check(fd, Purpose.FILING, floors=floors)
    with pytest.raises(errors.DependencyError, match="free space: thumbnails waits"):
        disk_space.check(fd, Purpose.THUMBNAILS, floors=floors)
    with pytest.raises(errors.DependencyError, match="filing waits"):
        disk_space.check(fd, Purpose.FILING, needed_bytes=2 * free, floors=floors)

    os.close(fd)


def test_thumbnails_stop_before_filing_and_the_database_last() -> None:
    floors = [Floors().of(purpose) for purpose in Purpose]

    assert floors == sorted(floors, reverse=True)
    assert Floors().thumbnails_bytes > Floors().filing_bytes > Floors().database_bytes
