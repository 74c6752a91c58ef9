"""JPEG (ITU-T T.81): the segments before the picture's data."""

import io
from collections.abc import Iterator

from librarian.domain import tag_names
from librarian.domain.facts import JSON
from librarian.formats import exif, flir, iptc, values, xmp
from librarian.formats.found import Found
from librarian.formats.slices import Slice

_MAX_SEGMENTS = 1000
_MAX_BYTES = 16 << 20
_MAX_JUNK_BYTES = 8192  # that some writers leave between two segments
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD9)}  # without a length
_END, _SCAN, _APP1, _APP13, _COMMENT = 0xD9, 0xDA, 0xE1, 0xED, 0xFE
_EXIF, _XMP = b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP, _CASIO = b"Photoshop 3.0\0", b"QVCI\0"


def read(part: Slice) -> Found:
    """What the segments say, as far as they go."""
    application: list[bytes] = []
    resources: list[bytes] = []
    comments: list[bytes] = []
    size = (0, 0)
    for marker, body in _segments(part.buffered()):
        if marker == _APP1:
            application.append(body)
        elif marker == _APP13 and body.startswith(_PHOTOSHOP):
            resources.append(body[len(_PHOTOSHOP) :])
        elif marker == _COMMENT:
            comments.append(body)
        elif marker in _FRAMES and size == (0, 0):
            size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
    block = _joined(application, _EXIF)  # a block over 64 KiB goes on in the next segment
    tags = values.first(
        exif.of_block(block).items() if block else (),
        xmp.tags(_first(application, _XMP)).items(),
        iptc.of_resources(b"".join(resources)).items(),
        flir.tags(application).items(),
        _casio(_first(application, _CASIO)),
        (("File:Comment", values.text(comment)) for comment in comments),
    )
    width, height = size if size != (0, 0) else exif.stated_size(tags)
    return Found(tags, width or None, height or None)


def _segments(file: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each segment up to the picture's data."""
    file.seek(2)
    budget = _MAX_BYTES
    for _ in range(_MAX_SEGMENTS):
        marker = _next_marker(file)
        if marker in {None, _END, _SCAN}:
            return
        if marker in _ALONE:
            continue
        length = int.from_bytes(file.read(2), "big") - 2
        budget -= length
        if length < 0 or budget < 0:
            return
        yield marker, file.read(length)


def _next_marker(file: io.BufferedReader) -> int | None:
    """The byte after the next 0xFF; None at the end and where nothing but junk follows."""
    previous = b""
    for _ in range(_MAX_JUNK_BYTES):
        byte = file.read(1)
        if not byte:
            return None
        if previous == b"\xff" and byte not in b"\xff\0":
            return byte[0]
        previous = byte
    return None


def _joined(segments: list[bytes], prefix: bytes) -> bytes:
    return b"".join(body[len(prefix) + 1 :] for body in segments if body.startswith(prefix))


def _first(segments: list[bytes], prefix: bytes) -> bytes:
    return next((body[len(prefix) :] for body in segments if body.startswith(prefix)), b"")


def _casio(segment: bytes) -> Iterator[tuple[str, JSON]]:
    """The date of Casio's QV-7000SX, which is nowhere else (ExifTool, Casio.pm, QVCI)."""
    digits = values.text(segment[72:92]).split(".")
    if len(digits) == 6:
        yield tag_names.MAKER_DATE_TIME_ORIGINAL, f"{':'.join(digits[:3])} {':'.join(digits[3:])}"
