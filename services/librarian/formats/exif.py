"""EXIF: a TIFF block, read by exifread, by Pillow where exifread gives up.

Names follow ExifTool (https://exiftool.org/TagNames/EXIF.html), values `domain.tag_names`.
"""

import io
import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Literal, cast

import exifread
from exifread.tags.fields import FieldType
from PIL import ExifTags

from librarian.domain import tag_names
from librarian.domain.facts import JSON
from librarian.formats import values
from librarian.formats.values import Tags

logging.getLogger("exifread").setLevel(logging.CRITICAL)  # it warns of every odd tag

MAX_BLOCK_BYTES = 16 << 20
# ExifTool's names where the standard's (Pillow's) differ.
_RENAMED = {
    0x0101: "ImageHeight",
    0x0132: "ModifyDate",
    0x8827: "ISO",
    0x9004: "CreateDate",
    0x9204: "ExposureCompensation",
    0x9290: "SubSecTime",
    0x9291: "SubSecTimeOriginal",
    0x9292: "SubSecTimeDigitized",
    0xA002: "ExifImageWidth",
    0xA003: "ExifImageHeight",
    0xA405: "FocalLengthIn35mmFormat",
    0xA431: "SerialNumber",
}
# Text, even where a camera wrote it as bytes: description ... copyright, dates, offsets, parts.
_TEXT_TAGS = {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, 0x9003, 0x9004}
_TEXT_TAGS |= {0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292, 0xA433, 0xA434}
_UTF16_TAGS = {0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F}  # XPTitle ... XPSubject of Windows
_DOTTED_TAGS = {0xC612, 0xC613}  # DNGVersion, DNGBackwardVersion
# Structure of the file and what is read elsewhere (XMP, IPTC, maker note): no tags to show.
_SKIPPED = {0x014A, 0x02BC, 0x83BB, 0x8649, 0x8769, 0x8773, 0x8825, 0x927C, 0x9286, 0xA005, 0xC634}
_SKIPPED |= {0x0111, 0x0117, 0x0144, 0x0145, 0x0201, 0x0202}
_EXIF, _GPS = "EXIF", "GPS"
_GROUPS = {"EXIF": _EXIF, "Image": _EXIF, "GPS": _GPS}
_APPLE_WITHIN_BYTES = 1 << 18
_MAX_READS, _MAX_READ_BYTES = 50_000, 1 << 20
_MAX_PILLOW_BYTES = 1 << 16  # it copies every value, and thousands may name the same bytes
_HEADER = re.compile(rb"II\*\0|MM\0\*")
_APPLE = re.compile(rb"Apple iOS\0\0.(?:MM|II)", re.DOTALL)

_Raw = tuple[str, int, object]  # group, tag number, value


def of_block(block: bytes, group: str | None = None) -> Tags:
    """The tags of a TIFF block, whatever prefix ("Exif", an offset) stands before it.

    `group` "GPS": the block's first directory is the GPS directory (CR3).
    """
    header = _HEADER.search(block[:64])
    block = block[header.start() if header else 0 : MAX_BLOCK_BYTES]
    raws = _exifread(io.BytesIO(block), group) or _pillow(block, group)
    return values.first(_named(raws), _apple_content_identifier(block))


def of_file(file: BinaryIO) -> Tags:
    """The tags exifread finds in a whole file that is a TIFF or a RAW format like it."""
    raws = _exifread(file, None)
    file.seek(0)
    return values.first(_named(raws), _apple_content_identifier(file.read(_APPLE_WITHIN_BYTES)))


def stated_size(tags: Tags) -> tuple[int, int]:
    """Width and height that EXIF states for the picture; zeros where it does not."""
    width, height = tags.get("EXIF:ExifImageWidth"), tags.get("EXIF:ExifImageHeight")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else (0, 0)


def _apple_content_identifier(block: bytes) -> Iterator[tuple[str, JSON]]:
    """Tag 0x0011 of Apple's maker note: it pairs the still and the video of a Live Photo."""
    found = _APPLE.search(block)
    if found is None:
        return
    note = block[found.start() : found.start() + (1 << 16)]
    order: Literal["big", "little"] = "big" if note[12:14] == b"MM" else "little"

    def word(start: int, length: int) -> int:
        return int.from_bytes(note[start : start + length], order)

    for entry in range(16, 16 + 12 * min(word(14, 2), 200), 12):
        if (word(entry, 2), word(entry + 2, 2)) == (0x0011, 2):
            length, start = word(entry + 4, 4), word(entry + 8, 4)
            identifier = values.text(note[start : start + min(length, 200)])
            yield tag_names.MAKER_CONTENT_IDENTIFIER, identifier


class _Sparing:
    """A file that ends after some reads: counts and directories without end come to one so."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _MAX_READS
        self.seek = file.seek
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, none once the reads are used up."""
        self._left -= 1
        if self._left < 0:
            return b""
        return self._file.read(min(size, _MAX_READ_BYTES))


def _exifread(file: BinaryIO, group: str | None) -> list[_Raw]:
    sparing = cast("BinaryIO", _Sparing(file))
    try:
        found = exifread.process_file(sparing, details=False, extract_thumbnail=False)
    except Exception:  # noqa: BLE001  hostile bytes raise anything there; Pillow is tried next
        return []
    raws: list[_Raw] = []
    for name, tag in found.items():
        directory = name.partition(" ")[0]
        if directory in _GROUPS and not isinstance(tag, bytes):
            main = group or _EXIF if directory == "Image" else _GROUPS[directory]
            raw = (main, tag.tag, _plain(tag.field_type, tag.values))
            raws.insert(0, raw) if directory == "EXIF" else raws.append(raw)  # it wins
    return raws


def _plain(kind: FieldType, found: object) -> object:
    if isinstance(found, list) and kind in {FieldType.BYTE, FieldType.UNDEFINED} and len(found) > 1:
        return bytes(value & 0xFF for value in found)
    return found


def _pillow(block: bytes, group: str | None) -> list[_Raw]:
    from PIL import Image  # heavy, and hardly ever needed

    exif = Image.Exif()
    try:
        with warnings.catch_warnings(action="ignore"):
            exif.load(block[:_MAX_PILLOW_BYTES])
            parts = (
                (_EXIF, dict(exif.get_ifd(ExifTags.IFD.Exif))),
                (group or _EXIF, dict(exif)),
                (_GPS, dict(exif.get_ifd(ExifTags.IFD.GPSInfo))),
            )
    except Exception:  # noqa: BLE001  as above: nothing in this block can be read
        return []
    return [(name, tag, value) for name, part in parts for tag, value in part.items()]


def _named(raws: Iterable[_Raw]) -> Iterator[tuple[str, JSON]]:
    for group, tag, value in raws:
        if group == _GPS:
            known = ExifTags.GPSTAGS.get(tag)
        else:
            known = None if tag in _SKIPPED else _RENAMED.get(tag) or ExifTags.TAGS.get(tag)
        if known:
            yield f"EXIF:{known}", _value(group, tag, value)


def _value(group: str, tag: int, value: object) -> JSON:
    match value:
        case str():
            return values.text(value)
        case bytes():
            return _of_bytes(group, tag, value)
        case list() | tuple():
            return values.numbers(value)
        case _:
            return values.number(value)


def _of_bytes(group: str, tag: int, value: bytes) -> JSON:
    if tag in _UTF16_TAGS and group != _GPS:
        return values.text(value.decode("utf-16-le", "ignore"))
    if group == _GPS and len(value) == 1 and value < b"\x20":
        return value[0]  # GPSAltitudeRef
    if tag in _DOTTED_TAGS:
        return ".".join(str(byte) for byte in value)
    is_version = len(value) == 4 and value.isdigit()
    return values.text(value) if tag in _TEXT_TAGS or is_version or group == _GPS else None
