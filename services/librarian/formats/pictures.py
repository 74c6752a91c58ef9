"""WebP, GIF, BMP and JPEG 2000: their headers and the metadata beside the picture's data."""

import io
import struct
from collections.abc import Iterator

from librarian.domain.facts import JSON
from librarian.formats import boxes, complete, exif, iptc, values, xmp
from librarian.formats.found import Found
from librarian.formats.slices import Slice
from librarian.formats.values import Tags

_MAX_CHUNKS = 1_000_000
_GIF_XMP = b"XMP DataXMP"
_JP2_EXIF = b"JpgTiffExif->JP2"
_JP2_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")


def webp(part: Slice) -> Found:
    """WebP (Google's container specification): chunks VP8X, VP8, VP8L, EXIF and XMP."""
    chunks: dict[bytes, Slice] = {}
    position = 12
    for _ in range(_MAX_CHUNKS):
        header = part.at(position, 8)
        if len(header) < 8:
            break
        length = int.from_bytes(header[4:], "little")
        chunks.setdefault(header[:4], part.part(position + 8, length))
        position += 8 + length + length % 2
    tags = _tags(chunks.get(b"EXIF"), chunks.get(b"XMP "))
    return Found(tags, *_webp_size({name: body.at(0, 10) for name, body in chunks.items()}))


def _webp_size(heads: dict[bytes, bytes]) -> tuple[int | None, int | None]:
    if len(head := heads.get(b"VP8X", b"")) == 10:
        return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    if len(head := heads.get(b"VP8 ", b"")) == 10:
        width, height = struct.unpack_from("<HH", head, 6)
        return width & 0x3FFF, height & 0x3FFF
    if len(head := heads.get(b"VP8L", b"")) >= 5:
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None, None


def gif(part: Slice) -> Found:
    """GIF 89a: the screen's size, comments and XMP; truncated where it ends before its trailer."""
    file = part.buffered()
    head = file.read(13).ljust(13, b"\0")
    _skip_colours(file, head[10])
    tags: list[tuple[str, JSON]] = []
    kind = b""
    for _ in range(_MAX_CHUNKS):
        kind = file.read(1)
        if kind == b",":
            _skip_colours(file, file.read(9).ljust(9, b"\0")[8])
            file.read(1)  # size of the codes
            _skip_blocks(file)
        elif kind == b"!":
            tags += _gif_extension(part, file)
        else:
            break
    width, height = struct.unpack_from("<HH", head, 6)
    problem = None if kind else complete.TRUNCATED
    return Found(values.first(tags), width or None, height or None, problem)


def _gif_extension(part: Slice, file: io.BufferedReader) -> Iterator[tuple[str, JSON]]:
    label, start = file.read(1), file.tell()
    _skip_blocks(file)
    content = part.at(start, min(file.tell() - start, xmp.MAX_PACKET_BYTES))
    if label == b"\xfe":
        yield "File:Comment", values.text(content[1 : 1 + content[0]]) if content else None
    elif label == b"\xff" and content[1:12] == _GIF_XMP:
        yield from xmp.tags(content[12:]).items()


def _skip_colours(file: io.BufferedReader, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 * (2 << (flags & 7)), io.SEEK_CUR)


def _skip_blocks(file: io.BufferedReader) -> None:
    """Goes behind the empty block that ends a sequence of blocks, or to the end of the file."""
    while length := file.read(1):
        if length == b"\0":
            return
        file.seek(length[0], io.SEEK_CUR)


def bmp(part: Slice) -> Found:
    """Windows and OS/2 bitmaps: only a size."""
    head = part.at(14, 12).ljust(12, b"\0")
    if head[0] == 12:
        width, height = struct.unpack_from("<HH", head, 4)
    else:
        width, height = struct.unpack_from("<ii", head, 4)
    return Found({}, abs(width) or None, abs(height) or None)


def jp2(part: Slice) -> Found:
    """JPEG 2000 (ISO/IEC 15444-1): size in the header, EXIF, IPTC and XMP in `uuid` boxes."""
    header = next((box.content(8) for box in boxes.at(part, b"jp2h", b"ihdr")), b"")
    height, width = struct.unpack(">II", header.ljust(8, b"\0"))
    records = boxes.extended(part, _JP2_IPTC)
    tags = values.first(
        _tags(boxes.extended(part, _JP2_EXIF), boxes.extended(part, boxes.XMP)).items(),
        iptc.of_block(records.at(0, iptc.MAX_BYTES)).items() if records else (),
    )
    return Found(tags, width or None, height or None)


def _tags(block: Slice | None, packet: Slice | None) -> Tags:
    return values.first(
        exif.of_block(block.at(0, exif.MAX_BLOCK_BYTES)).items() if block else (),
        xmp.tags(packet.at(0, xmp.MAX_PACKET_BYTES)).items() if packet else (),
    )
