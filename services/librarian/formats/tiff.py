"""TIFF (revision 6.0, BigTIFF) and the RAW formats built on it: what their directories say."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from librarian.domain import content_type
from librarian.domain.content_type import ContentType
from librarian.formats import complete, exif, iptc, values, xmp
from librarian.formats.found import Found
from librarian.formats.slices import Slice

_MAX_ENTRIES = 1000
_MAX_SUB_DIRECTORIES = 10
_MAX_PARTS = 100_000  # strips or tiles that are looked at
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8}
_FORMATS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_WIDTH, _HEIGHT, _SUB_DIRECTORIES, _MAKE = 0x0100, 0x0101, 0x014A, 0x010F
_PARTS = ((0x0111, 0x0117), (0x0144, 0x0145))  # offsets and lengths of strips, of tiles
_XMP, _IPTC, _PHOTOSHOP = 0x02BC, 0x83BB, 0x8649


@dataclass(frozen=True, slots=True)
class Directory:
    """The entries of one directory: tag to (type, number of values, offset of the values)."""

    part: Slice
    order: str  # as `struct` writes it
    entries: dict[int, tuple[int, int, int]]

    def bytes_of(self, tag: int, limit: int) -> bytes:
        """The first `limit` bytes of a tag's values; b"" without the tag."""
        kind, count, offset = self.entries.get(tag, (1, 0, 0))
        return self.part.at(offset, min(count * _SIZES.get(kind, 1), limit))

    def numbers(self, tag: int, limit: int = 1) -> list[int]:
        """The first whole numbers of a tag; [] without it and for other types."""
        kind = self.entries.get(tag, (0, 0, 0))[0]
        if kind not in _FORMATS:
            return []
        raw = self.bytes_of(tag, limit * _SIZES[kind])
        number = len(raw) // _SIZES[kind]
        return list(struct.unpack_from(f"{self.order}{number}{_FORMATS[kind]}", raw))

    def number(self, tag: int) -> int:
        """The first whole number of a tag, 0 without it."""
        return next(iter(self.numbers(tag)), 0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, 0 where not stated."""
        return self.number(_WIDTH), self.number(_HEIGHT)


def read(part: Slice) -> Found:
    """What a TIFF, or a RAW format that is one, says; its directories are the EXIF block."""
    main = first_directory(part)
    tags = values.first(
        exif.of_file(part.buffered()).items(),
        xmp.tags(main.bytes_of(_XMP, xmp.MAX_PACKET_BYTES)).items(),
        iptc.of_block(main.bytes_of(_IPTC, iptc.MAX_BYTES)).items(),
        iptc.of_resources(main.bytes_of(_PHOTOSHOP, iptc.MAX_BYTES)).items(),
    )
    kind = _kind(main)
    width, height = main.size
    if kind is not content_type.TIFF:  # the sensor's picture is in another directory
        sizes = [
            main.size,
            *(inner.size for inner in _sub_directories(main)),
            exif.stated_size(tags),
        ]
        width, height = max(sizes, key=lambda size: size[0] * size[1])
    problem = complete.TRUNCATED if not main.entries or _is_cut(main) else None
    return Found(tags, width or None, height or None, problem, kind.mime_type)


def first_directory(part: Slice) -> Directory:
    """The first directory, whatever magic number a maker wrote; without entries if cut off."""
    order = "<" if part.at(0, 2) == b"II" else ">"
    if part.at(2, 2) in {b"+\0", b"\0+"}:
        return _big_directory(part, order)
    (start,) = struct.unpack(order + "I", part.at(4, 4).ljust(4, b"\0"))
    return _directory(part, order, start)


def _directory(part: Slice, order: str, start: int) -> Directory:
    (count,) = struct.unpack(order + "H", part.at(start, 2).ljust(2, b"\0"))
    raw = part.at(start + 2, 12 * min(count, _MAX_ENTRIES))
    entries: dict[int, tuple[int, int, int]] = {}
    for at in range(0, len(raw) - 11, 12):
        tag, kind, number, offset = struct.unpack_from(order + "HHII", raw, at)
        is_here = number * _SIZES.get(kind, 8) <= 4
        entries.setdefault(tag, (kind, number, start + 2 + at + 8 if is_here else offset))
    return Directory(part, order, entries)


def _big_directory(part: Slice, order: str) -> Directory:
    (start,) = struct.unpack(order + "Q", part.at(8, 8).ljust(8, b"\0"))
    (count,) = struct.unpack(order + "Q", part.at(start, 8).ljust(8, b"\0"))
    raw = part.at(start + 8, 20 * min(count, _MAX_ENTRIES))
    entries: dict[int, tuple[int, int, int]] = {}
    for at in range(0, len(raw) - 19, 20):
        tag, kind, number, offset = struct.unpack_from(order + "HHQQ", raw, at)
        is_here = number * _SIZES.get(kind, 8) <= 8
        entries.setdefault(tag, (kind, number, start + 8 + at + 12 if is_here else offset))
    return Directory(part, order, entries)


def _sub_directories(main: Directory) -> Iterator[Directory]:
    for start in main.numbers(_SUB_DIRECTORIES, _MAX_SUB_DIRECTORIES):
        yield _directory(main.part, main.order, start)


def _kind(main: Directory) -> ContentType:
    """The format by its signature or its whole first directory, wherever that stands."""
    found = content_type.detect(main.part.at(0, content_type.HEAD_BYTES))
    if found is not None and found is not content_type.TIFF:
        return found
    known = {tag: main.number(tag) for tag in content_type.TIFF_TAGS if tag in main.entries}
    return content_type.of_directory(main.bytes_of(_MAKE, 100), known)


def _is_cut(main: Directory) -> bool:
    return any(
        start + length > main.part.size
        for starts, lengths in _PARTS
        for start, length in zip(
            main.numbers(starts, _MAX_PARTS), main.numbers(lengths, _MAX_PARTS), strict=False
        )
    )
