"""The preview that cameras put into RAW files: the largest JPEG among their bytes.

Finding it by its markers (ITU-T T.81, annex B) is the same for every maker, where the directories
that name it are not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_START: Final = b"\xff\xd8\xff"
_FRAMES: Final = {0xC0, 0xC1, 0xC2}  # decodable ones; 0xC3 is lossless, the sensor's own data
_OTHER_FRAMES: Final = set(range(0xC3, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = {0x01, *range(0xD0, 0xD8)}
_SCAN: Final = 0xDA
_EXIF: Final = 0xE1
_MAX_SEGMENTS: Final = 200
_MAX_CANDIDATES: Final = 500
_SMALLEST_PX: Final = 160  # cameras' smallest previews are 160 x 120


@dataclass(frozen=True, slots=True)
class Preview:
    """An embedded JPEG: where it begins, how large it is, whether it says how it is turned."""

    offset: int
    width: int
    height: int
    has_exif: bool


def largest(content: bytes) -> Preview | None:
    """Return the embedded JPEG with the most pixels; None if there is none worth showing."""
    return max(
        (each for each in _previews(content) if max(each.width, each.height) >= _SMALLEST_PX),
        key=lambda each: each.width * each.height,
        default=None,
    )


def _previews(content: bytes) -> Iterator[Preview]:
    at = content.find(_START, 0)
    for _ in range(_MAX_CANDIDATES):
        if at < 0:
            return
        found = _preview_at(content, at)
        if found is not None:
            yield found
        at = content.find(_START, at + 2)


def _preview_at(content: bytes, start: int) -> Preview | None:
    """Follow the segments up to the frame header."""
    at, has_exif = start + 2, False
    for _ in range(_MAX_SEGMENTS):
        head = content[at : at + 10]
        if len(head) < 10 or head[0] != 0xFF:
            return None
        marker = head[1]
        if marker in _ALONE or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            return _frame(start, head, has_exif=has_exif)
        if marker in _OTHER_FRAMES or marker == _SCAN:
            return None
        has_exif = has_exif or (marker == _EXIF and head[4:8] == b"Exif")
        at += 2 + int.from_bytes(head[2:4], "big")
    return None


def _frame(start: int, head: bytes, *, has_exif: bool) -> Preview | None:
    """Length, precision, height, width, components: only 8 bits and three colours are a preview."""
    height, width = int.from_bytes(head[5:7], "big"), int.from_bytes(head[7:9], "big")
    if head[4] != 8 or head[9] != 3 or not width or not height:
        return None
    return Preview(start, width, height, has_exif)
