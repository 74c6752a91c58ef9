"""Headers made bit by bit, as ISO/IEC 18181-1 has them; a real file is among the samples."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import brotli
import pytest

import photos
from librarian.formats import exif, jxl
from librarian.formats.found import Found
from librarian.formats.slices import Slice

SIGNATURE = b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0\0\0\x14ftypjxl \0\0\0\0jxl "
Bits = Sequence[tuple[int, int]]  # (number, how many bits)

SMALL = ((1, 1), (5, 5), (0, 3), (9, 5))  # 80 x 48
WIDE = ((0, 1), (1, 2), (1079, 13), (5, 3))  # 1920 x 1080 by its ratio
LARGE = ((0, 1), (0, 2), (299, 9), (0, 3), (2, 2), (99_999, 18))  # 100000 x 300
PLAIN = ((1, 1),)
TURNED = ((0, 1), (1, 1), (5, 3))  # orientation 6


def codestream(*parts: Bits) -> bytes:
    number = length = 0
    for value, count in (pair for part in parts for pair in part):
        number |= value << length
        length += count
    return b"\xff\x0a" + number.to_bytes(40, "little")


SMALL_PLAIN = codestream(SMALL, PLAIN)


def read(path: Path, content: bytes) -> Found:
    path.write_bytes(content)
    with path.open("rb") as file:
        return jxl.read(Slice(file.fileno()))


@pytest.mark.parametrize(
    ("size", "expected"), [(SMALL, (80, 48)), (WIDE, (1920, 1080)), (LARGE, (100_000, 300))]
)
@pytest.mark.parametrize(("metadata", "orientation"), [(PLAIN, 1), (TURNED, 6)])
def test_a_bare_codestream_tells_size_and_orientation(
    tmp_path: Path, size: Bits, expected: tuple[int, int], metadata: Bits, orientation: int
) -> None:
    found = read(tmp_path / "a.jxl", codestream(size, metadata))

    assert (found.width, found.height) == expected
    assert found.tags == {"EXIF:Orientation": orientation}


@pytest.mark.parametrize("cut", [None, 3])
def test_boxes_tell_what_stands_in_them(tmp_path: Path, cut: int | None) -> None:
    stream = codestream(WIDE, TURNED)
    block = photos.exif(taken="2020:02:03 04:05:06")
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    packet += b' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    packet += b' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="3"/></rdf:RDF></x:xmpmeta>'
    parts = [("jxlc", stream)]
    if cut:
        parts = [("jxlp", b"\0\0\0\0" + stream[:cut]), ("jxlp", b"\0\0\0\1" + stream[cut:])]
    content = SIGNATURE + photos.boxes(("Exif", b"\0\0\0\0" + block), ("xml ", packet), *parts)

    found = read(tmp_path / "a.jxl", content)

    assert (found.width, found.height) == (1920, 1080)
    assert found.tags["EXIF:DateTimeOriginal"] == "2020:02:03 04:05:06"
    assert (found.tags["XMP:Rating"], found.tags["EXIF:Orientation"]) == (3, 6)


def test_compressed_boxes_are_read(tmp_path: Path) -> None:
    block = brotli.compress(b"\0\0\0\0" + photos.exif(taken="2020:02:03 04:05:06"))
    parts = [("brob", b"Exif" + block), ("brob", b"xml \x8b"), ("brob", b"jumb\x8b")]

    found = read(tmp_path / "a.jxl", SIGNATURE + photos.boxes(*parts, ("jxlc", SMALL_PLAIN)))

    assert found.tags["EXIF:DateTimeOriginal"] == "2020:02:03 04:05:06"
    assert (found.width, found.height) == (80, 48)


def test_a_compressed_box_is_unpacked_to_a_limit(tmp_path: Path) -> None:
    bomb = brotli.compress(b"\0" * (4 * exif.MAX_BLOCK_BYTES))
    parts = [("brob", b"Exif" + bomb), ("jxlc", SMALL_PLAIN)]
    tracemalloc.start()
    try:
        found = read(tmp_path / "a.jxl", SIGNATURE + photos.boxes(*parts))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (found.width, found.height) == (80, 48)
    assert peak_bytes < 4 * exif.MAX_BLOCK_BYTES


@pytest.mark.parametrize("content", [b"", b"\xff\x0a", SIGNATURE])
def test_what_is_cut_has_no_size(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path / "a.jxl", content) == Found()
