import os
from pathlib import Path

import pytest

from librarian.formats.slices import Slice


@pytest.fixture
def fd(tmp_path: Path) -> "int":
    path = tmp_path / "digits"
    path.write_bytes(b"0123456789")
    return os.open(path, os.O_RDONLY)


def test_a_part_ends_where_it_says_and_never_behind_the_file(fd: int) -> None:
    part = Slice(fd).part(2, 5)

    assert part.at(0, 100) == b"23456"
    assert part.part(3, 100).at(0, 100) == b"56"
    assert part.part(50).at(0, 1) == b""
    assert part.at(-1, 2) == b""
    os.close(fd)


def test_the_offset_of_the_descriptor_stays_where_its_owner_left_it(fd: int) -> None:
    os.lseek(fd, 4, os.SEEK_SET)

    with Slice(fd).buffered() as file:
        assert file.read() == b"0123456789"

    assert os.lseek(fd, 0, os.SEEK_CUR) == 4
    os.close(fd)


def test_a_failure_of_the_disk_is_remembered_by_the_whole_although_a_decoder_hides_it(
    fd: int,
) -> None:
    whole = Slice(fd)
    part = whole.part(1).part(1)
    os.close(fd)

    with pytest.raises(OSError, match="Bad file descriptor"):
        part.at(0, 1)

    assert len(whole.failures) == 1
