"""RAW formats that are not TIFF: each holds a TIFF block, a JPEG or own fields."""

import datetime
import re
import struct

from librarian.formats import boxes, exif, jpeg, tiff, values, xmp
from librarian.formats.found import Found
from librarian.formats.slices import Slice
from librarian.formats.values import Tags

_MAX_BYTES = 1 << 20
_MAX_HEAPS = 100
_TIFF = re.compile(rb"II\*\0\x08\0\0\0|MM\0\*\0\0\0\x08")
_DATE = "MakerNotes:DateTimeOriginal"
_JPEG_FROM_RAW, _SENSOR_BORDERS = 0x002E, (4, 5, 6, 7)


def cr3(part: Slice) -> Found:
    """Canon CR3: TIFF blocks CMT1 (main), CMT2 (EXIF), CMT4 (GPS) in moov (lclevy/canon_cr3)."""
    moov = next(boxes.at(part, b"moov"), None)
    inner = boxes.extended(moov.body, boxes.CR3_METADATA) if moov else None
    blocks = {box.name: box.content(_MAX_BYTES) for box in boxes.inside(inner)} if inner else {}
    packet = boxes.extended(part, boxes.XMP)
    tags = values.first(
        exif.of_block(blocks.get(b"CMT2", b"")).items(),
        exif.of_block(blocks.get(b"CMT1", b"")).items(),
        exif.of_block(blocks.get(b"CMT4", b""), "GPS").items(),
        xmp.tags(packet.at(0, xmp.MAX_PACKET_BYTES)).items() if packet else (),
    )
    return _sized(tags)


def raf(part: Slice) -> Found:
    """Fujifilm RAF: the complete JPEG whose place stands at byte 84."""
    start, length = struct.unpack(">II", part.at(84, 8).ljust(8, b"\0"))
    return jpeg.read(part.part(start, length))


def rw2(part: Slice) -> Found:
    """Panasonic RW2: a TIFF with own tags and the camera's JPEG (ExifTool, PanasonicRaw.pm)."""
    main = tiff.first_directory(part)
    _, length, start = main.entries.get(_JPEG_FROM_RAW, (7, 0, 0))
    picture = jpeg.read(part.part(start, length))
    tags = values.first(picture.tags.items(), exif.of_file(part.buffered()).items())
    top, left, bottom, right = (main.number(tag) for tag in _SENSOR_BORDERS)
    if right > left and bottom > top:
        return Found(tags, right - left, bottom - top)
    return Found(tags, picture.width, picture.height)


def mrw(part: Slice) -> Found:
    """Minolta MRW: its TTW block is a TIFF block."""
    head = part.at(0, _MAX_BYTES)
    found = _TIFF.search(head)
    return _sized(exif.of_block(head[found.start() :])) if found else Found()


def kyocera(part: Slice) -> Found:
    """Kyocera/Contax RAW: texts written backwards (ExifTool, KyoceraRaw.pm)."""
    head = part.at(0, 64)
    fields = {"EXIF:Model": (12, 13), "EXIF:Make": (25, 7), _DATE: (33, 20)}
    texts = {name: head[at : at + length][::-1] for name, (at, length) in fields.items()}
    tags = {name: values.text(text.strip(b"\0")) for name, text in texts.items()}
    return Found(values.first(tags.items()))


def crw(part: Slice) -> Found:
    """Canon CRW: a tree of heaps, the directory at the end of each (CIFF 1.0, revision 4)."""
    start = int.from_bytes(part.at(2, 4), "little")
    fields = _heap_fields(part.part(start))
    make, _, model = fields.get(0x080A, b"").partition(b"\0")
    tags = values.first({"EXIF:Make": values.text(make), "EXIF:Model": values.text(model)}.items())
    if len(time := fields.get(0x180E, b"")) >= 4:  # local time, as if it were UTC
        tags |= _taken(int.from_bytes(time[:4], "little"))
    width, height = struct.unpack("<II", fields.get(0x1810, b"")[:8].ljust(8, b"\0"))
    return Found(tags, width or None, height or None)


def _heap_fields(outermost: Slice) -> dict[int, bytes]:
    """The fields of a heap and those inside it by type; heaps may name each other without end."""
    heaps = [outermost]
    fields: dict[int, bytes] = {}
    for heap in heaps:
        directory = heap.at(int.from_bytes(heap.at(heap.size - 4, 4), "little"), 2 + 10 * 200)
        end = min(2 + 10 * int.from_bytes(directory[:2], "little"), len(directory))
        for entry in range(2, end, 10):
            raw = directory[entry : entry + 10].ljust(10, b"\0")
            kind, length, offset = struct.unpack("<HII", raw)
            if kind & 0x3800 in {0x2800, 0x3000}:
                heaps += [heap.part(offset, length)] if len(heaps) < _MAX_HEAPS else []
            elif kind & 0x4000:  # the value stands in the entry itself
                fields.setdefault(kind & 0x3FFF, raw[2:])
            else:
                fields.setdefault(kind & 0x3FFF, heap.at(offset, min(length, 4096)))
    return fields


def x3f(part: Slice) -> Found:
    """Sigma X3F: a JPEG with EXIF in newer files, a list of properties in all others."""
    sections = _x3f_sections(part)
    for kind, section in sections:
        if kind in {b"IMA2", b"IMAG"} and section.at(28, 3) == b"\xff\xd8\xff":
            found = jpeg.read(section.part(28))
            if found.tags:
                return found
    properties: dict[str, str] = {}
    for kind, section in sections:
        if kind == b"PROP":
            properties |= _x3f_properties(section.at(0, _MAX_BYTES))
    names = {"EXIF:Make": "CAMMANUF", "EXIF:Model": "CAMMODEL"}
    tags = values.first((name, properties.get(key)) for name, key in names.items())
    if (time := properties.get("TIME", "")).isdecimal():
        tags |= _taken(int(time[:12]))
    width, height = struct.unpack("<II", part.at(28, 8).ljust(8, b"\0"))
    return Found(tags, width or None, height or None)


def _x3f_sections(part: Slice) -> list[tuple[bytes, Slice]]:
    directory = part.at(int.from_bytes(part.at(part.size - 4, 4), "little"), 12 + 12 * 100)
    if directory[:4] != b"SECd":
        return []
    end = min(12 + 12 * int.from_bytes(directory[8:12], "little"), len(directory) - 11)
    entries = [struct.unpack_from("<II4s", directory, at) for at in range(12, end, 12)]
    return [(kind, part.part(offset, length)) for offset, length, kind in entries]


def _x3f_properties(section: bytes) -> dict[str, str]:
    """Pairs of UTF-16 texts, each by its offset in characters (SECp)."""
    number = min(int.from_bytes(section[8:12], "little"), 1000, (len(section) - 24) // 8)
    texts = section[24 + 8 * number :]

    def text(characters: int) -> str:
        piece = texts[2 * characters : 2 * characters + 512]
        return values.text(piece.decode("utf-16-le", "ignore"))

    pairs = (struct.unpack_from("<II", section, 24 + 8 * index) for index in range(max(number, 0)))
    return {text(name): text(value) for name, value in pairs}


def _taken(seconds: int) -> Tags:
    """A local time that is stored as seconds since 1970-01-01 00:00 local time; 0 is none."""
    if not 0 < seconds < 1 << 33:
        return {}
    taken = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=seconds)
    return {_DATE: f"{taken:%Y:%m:%d %H:%M:%S}"}


def _sized(tags: Tags) -> Found:
    """With the size the tags state: the directory's own, else EXIF's."""
    for prefix in ("EXIF:Image", "EXIF:ExifImage"):
        width, height = tags.get(f"{prefix}Width"), tags.get(f"{prefix}Height")
        if isinstance(width, int) and isinstance(height, int):
            return Found(tags, width, height)
    return Found(tags)
