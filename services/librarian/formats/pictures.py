"""WebP, GIF, BMP and JPEG 2000: their headers and the metadata beside the picture's data."""

import io
import struct
from collections.abc import Iterator

from librarian.domain.facts import JSON
from librarian.formats import boxes, complete, exif, iptc, values, xmp
from librarian.formats.found import Found
from librarian.formats.slices import Slice
from librarian.formats.values import Tags

_MAX_CHUNKS = 100_000
_MAX_GIF_BLOCKS = 1_000_000
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
    head = part.at(0, 13).ljust(13, b"\0")
    width, height = struct.unpack_from("<HH", head, 6)
    walk = _GifWalk(part, 13 + _colours(head[10]))
    tags = values.first(walk.tags())
    return Found(tags, width or None, height or None, complete.TRUNCATED if walk.is_cut else None)


class _GifWalk:
    """Goes through the blocks of a GIF; `is_cut` afterwards if the file ends within."""

    def __init__(self, part: Slice, start: int) -> None:
        self._part = part
        self._file = part.buffered()
        self._file.seek(start)
        self._left = _MAX_GIF_BLOCKS
        self.is_cut = False

    def tags(self) -> Iterator[tuple[str, JSON]]:
        while self._left > 0:
            kind = self._file.read(1)
            if kind == b",":
                flags = self._file.read(9).ljust(9, b"\0")[8]
                self._file.seek(_colours(flags) + 1, io.SEEK_CUR)  # and the size of the codes
                self._skip_blocks()
            elif kind == b"!":
                yield from self._extension()
            else:
                self.is_cut = not kind
                return

    def _extension(self) -> Iterator[tuple[str, JSON]]:
        label, start = self._file.read(1), self._file.tell()
        self._skip_blocks()
        content = self._part.at(start, min(self._file.tell() - start, xmp.MAX_PACKET_BYTES))
        if label == b"\xfe" and content:
            yield "File:Comment", values.text(content[1 : 1 + content[0]])
        elif label == b"\xff" and content[1:12] == _GIF_XMP:
            yield from xmp.tags(content[12:]).items()

    def _skip_blocks(self) -> None:
        """Goes behind the empty block that ends a sequence of blocks, or to the file's end."""
        while (length := self._file.read(1)) not in {b"", b"\0"}:
            self._file.seek(length[0], io.SEEK_CUR)
            self._left -= 1
            if self._left <= 0:
                return
        self._left -= 1


def _colours(flags: int) -> int:
    """The size of the colour table that a byte of flags announces."""
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


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
