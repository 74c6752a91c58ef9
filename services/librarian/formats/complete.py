"""Whether all bytes of a file seem to be there, seen by its structure alone, without decoding."""

import re

from librarian.formats import boxes
from librarian.formats.slices import Slice

TRUNCATED = "truncated"
_TAIL_BYTES = 512
_SCAN_BYTES = 1 << 20
_MAX_PARTS = 100_000
_MAX_SCANS = 1000  # of one picture; a progressive one has ten
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")  # neither stuffing, fill nor restart
_END, _SCAN = 0xD9, 0xDA
_ALONE = {0x01, 0xD8, *range(0xD0, 0xD8)}  # markers without a length
_BOXES = {b"ftyp", b"moov", b"mdat", b"meta", b"moof", b"free", b"skip", b"wide", b"idat"}
_PICTURES = {"image/heic", "image/heif", "image/avif"}


def problem(part: Slice, mime_type: str) -> str | None:
    """TRUNCATED where picture data is visibly missing, None where nothing is seen."""
    match mime_type:
        case "image/jpeg":
            is_whole = _is_whole_jpeg(part)
        case "image/png":
            is_whole = _is_whole_png(part)
        case "image/webp" | "video/x-msvideo":
            is_whole = int.from_bytes(part.at(4, 4), "little") + 8 <= part.size
        case "image/bmp":
            is_whole = int.from_bytes(part.at(2, 4), "little") <= part.size
        case _:
            is_whole = part.at(4, 4) not in _BOXES or _are_whole_boxes(part, mime_type)
    return None if is_whole else TRUNCATED


def _tail(part: Slice) -> bytes:
    return part.at(max(0, part.size - _TAIL_BYTES), _TAIL_BYTES).rstrip(b"\0")


def _is_whole_jpeg(part: Slice) -> bool:
    """Whether an end-of-image marker closes the first picture (ITU-T T.81, annex B)."""
    if _tail(part).endswith(b"\xff\xd9"):
        return True
    position, scans = 2, 0
    for _ in range(_MAX_PARTS):
        header = part.at(position, 4)
        if len(header) < 2:
            return False
        if header[0] != 0xFF or scans > _MAX_SCANS:
            return True  # damaged, but nothing is known to be missing
        if header[1] == _END:
            return True
        position += 1 if header[1] == 0xFF else 2
        if header[1] not in _ALONE and header[1] != 0xFF:
            position += int.from_bytes(header[2:4], "big")
        if header[1] == _SCAN:
            scans += 1
            position = _next_marker(part, position)
    return True


def _next_marker(part: Slice, position: int) -> int:
    """Where entropy-coded data from `position` on ends."""
    while position < part.size:
        piece = part.at(position, _SCAN_BYTES)
        found = _MARKER.search(piece)
        if found:
            return position + found.start()
        position += max(1, len(piece) - 1)
    return part.size


def _is_whole_png(part: Slice) -> bool:
    """Whether the IEND chunk is reached (ISO/IEC 15948)."""
    if b"IEND" in _tail(part):
        return True
    position = 8
    for _ in range(_MAX_PARTS):
        header = part.at(position, 8)
        if len(header) < 8 or header[4:] == b"IEND":
            return len(header) == 8
        position += int.from_bytes(header[:4], "big") + 12
    return True


def _are_whole_boxes(part: Slice, mime_type: str) -> bool:
    """Whether no box is cut and the one that describes the others is there."""
    is_picture = mime_type in _PICTURES  # or a sequence of pictures
    is_raw = not mime_type.startswith("video/") and not is_picture
    needed = {b"moov", b"meta"} if is_picture else {b"moov"}
    found = list(boxes.inside(part))
    if any(box.is_cut and box.name in _BOXES for box in found):
        return False
    return is_raw or any(box.name in needed for box in found)
