"""JPEG XL (ISO/IEC 18181): a bare codestream, or one in boxes with EXIF and XMP beside it."""

import contextlib
from typing import Final

import brotli

from librarian.formats import boxes, exif, values, xmp
from librarian.formats.found import Found
from librarian.formats.slices import Slice

_CODESTREAM: Final = b"\xff\x0a"
_HEAD_BYTES: Final = 32  # of the codestream: size and orientation take 80 bits at most
_RATIOS: Final = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZE_BITS: Final = (9, 13, 18, 30)
_PACKED: Final = (b"Exif", b"xml ")


def read(part: Slice) -> Found:
    """What the boxes, compressed ones too, and the codestream's header say."""
    if part.at(0, 2) == _CODESTREAM:
        return _found({}, part.at(0, _HEAD_BYTES))
    contents: dict[bytes, bytes] = {}
    head = b""
    for box in boxes.inside(part):
        match box.name:
            case b"jxlc":
                head = head or box.content(_HEAD_BYTES)
            case b"jxlp":  # a part of the codestream, behind its number
                head += box.content(4 + _HEAD_BYTES)[4:]
            case b"Exif" | b"xml ":
                contents.setdefault(box.name, box.content(exif.MAX_BLOCK_BYTES))
            case b"brob":  # one of the two, compressed by Brotli, behind its name
                name = box.content(4)
                if name in _PACKED and name not in contents:
                    contents[name] = _unpacked(box.content(exif.MAX_BLOCK_BYTES)[4:])
    tags = values.first(
        exif.of_block(contents.get(b"Exif", b"")).items(),
        xmp.tags(contents.get(b"xml ", b"")).items(),
    )
    return _found(tags, head)


def _unpacked(packed: bytes) -> bytes:
    """The content of a compressed box; of a bomb no more than of any block, of ruins what reads."""
    stream, content = brotli.Decompressor(), b""
    with contextlib.suppress(brotli.error):
        while len(content) < exif.MAX_BLOCK_BYTES and not stream.is_finished():
            more = stream.process(packed, output_buffer_limit=exif.MAX_BLOCK_BYTES)
            if not more and not packed:
                break
            content, packed = content + more, b""
    return content


def _found(tags: values.Tags, head: bytes) -> Found:
    if not head.startswith(_CODESTREAM) or len(head) < _HEAD_BYTES // 2:
        return Found(tags)
    bits = _Bits(head[len(_CODESTREAM) :])
    width, height = _size(bits)
    # A decoder turns the picture by this, whatever its EXIF says.
    return Found(tags | {"EXIF:Orientation": _orientation(bits)}, width, height)


class _Bits:
    """Numbers of any length from a codestream, the lowest bit of each byte first."""

    def __init__(self, content: bytes) -> None:
        self._left = int.from_bytes(content, "little")

    def take(self, count: int) -> int:
        """The number in the next bits."""
        taken = self._left & ((1 << count) - 1)
        self._left >>= count
        return taken


def _size(bits: _Bits) -> tuple[int, int]:
    """Width and height in pixels as stored, before the orientation (SizeHeader)."""
    is_small = bits.take(1)
    height = _length(bits, is_small=bool(is_small))
    ratio = bits.take(3)
    if not ratio:
        return _length(bits, is_small=bool(is_small)), height
    numerator, denominator = _RATIOS[ratio - 1]
    return height * numerator // denominator, height


def _length(bits: _Bits, *, is_small: bool) -> int:
    if is_small:
        return 8 * (bits.take(5) + 1)
    return bits.take(_SIZE_BITS[bits.take(2)]) + 1


def _orientation(bits: _Bits) -> int:
    """As EXIF has it, 1-8 (the beginning of ImageMetadata)."""
    is_default = bits.take(1)
    has_more = not is_default and bits.take(1)
    return bits.take(3) + 1 if has_more else 1
