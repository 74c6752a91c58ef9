import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import photos
from librarian import reader
from librarian.domain.facts import Facts
from shared.children.children import Children, Limits


@pytest.fixture
def pool() -> Iterator[Children]:
    children = Children(reader.FUNCTION, processes=1)
    yield children
    children.close()


def read(pool: reader.Children, path: Path) -> Facts:
    fd = os.open(path, os.O_RDONLY)
    try:
        return reader.Reader(pool).read(fd, path.name)
    finally:
        os.close(fd)


def test_a_child_reads_photos_and_videos(pool: Children, tmp_path: Path) -> None:
    photos.jpeg(tmp_path / "a.jpg", gps=(-33.5, 151.25))
    photos.heic(tmp_path / "b.heic")
    photos.video(tmp_path / "c.mp4")

    jpeg, heic, video = (read(pool, tmp_path / name) for name in ("a.jpg", "b.heic", "c.mp4"))

    assert jpeg.tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"
    assert (jpeg.latitude_deg, jpeg.longitude_deg) == (-33.5, 151.25)
    assert heic.tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"
    assert video.tags["QuickTime:CreateDate"] == "2023-07-01T10:00:00Z"


def test_bytes_of_no_kind_are_unknown_and_raise_nothing(pool: Children, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no photo")

    assert read(pool, tmp_path / "a.jpg").media_type == "unknown"


def test_a_field_that_claims_a_gigabyte_is_read_as_far_as_it_goes(
    pool: Children, tmp_path: Path
) -> None:
    content = bytearray(photos.jpeg(make="Canon"))
    order = ">" if b"MM\0*" in content else "<"
    make = content.index(struct.pack(order + "HH", 0x010F, 2))
    content[make + 4 : make + 8] = struct.pack(order + "I", 1 << 30)
    (tmp_path / "a.jpg").write_bytes(content)

    found = read(pool, tmp_path / "a.jpg")

    assert found.tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"


class Dying:
    """A pool whose children die, each time."""

    def __init__(self, pool: Children) -> None:
        self._pool, self.calls = pool, 0

    def call(
        self, request: Mapping[str, object], *, fd: int | None, timeout_s: float
    ) -> dict[str, object]:
        self.calls += 1
        return self._pool.call({"do": "crash"}, fd=fd, timeout_s=timeout_s)


def test_a_child_that_dies_twice_costs_the_metadata_and_nothing_else(tmp_path: Path) -> None:
    children = Children("child_functions:answer", processes=1)
    dying = Dying(children)
    photos.jpeg(tmp_path / "a.jpg")

    try:
        found = read(dying, tmp_path / "a.jpg")
    finally:
        children.close()

    assert (found.media_type, found.mime_type, found.tags) == ("image", "image/jpeg", {})
    assert str(found.problem).startswith("metadata could not be read: ")
    assert dying.calls == 2


def test_a_file_larger_than_the_memory_of_the_child_is_read(tmp_path: Path) -> None:
    children = Children(reader.FUNCTION, processes=1, limits=Limits(address_space_bytes=1 << 29))
    for name, content in (
        ("a.jpg", photos.jpeg()),
        ("b.tif", photos.tiff()),
        ("c.mp4", photos.video()),
    ):
        (tmp_path / name).write_bytes(content)
        os.truncate(tmp_path / name, 3 << 30)  # sparse

    try:
        found = {name: read(children, tmp_path / name) for name in ("a.jpg", "b.tif", "c.mp4")}
    finally:
        children.close()

    for name in ("a.jpg", "b.tif"):
        assert found[name].tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"
    assert found["c.mp4"].mime_type == "video/mp4"
