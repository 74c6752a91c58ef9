"""PNG (ISO/IEC 15948): metadata chunks, also those behind the picture, which Pillow leaves out."""

import math
import re
import zlib
from collections.abc import Iterator

from librarian.domain.facts import JSON
from librarian.formats import exif, iptc, values, xmp
from librarian.formats.found import Found
from librarian.formats.slices import Slice

_MAX_CHUNKS = 100_000
_MAX_BYTES = 8 << 20  # of all metadata, and again when unpacked
_WANTED = {b"IHDR", b"eXIf", b"iTXt", b"tEXt", b"zTXt", b"tIME"}
_WORD = re.compile(r"[A-Za-z0-9]+")
_EXIF_PREFIX = "exif:"  # ImageMagick's, before EXIF's names
_EXIF_NAMES = {"DateTime": "ModifyDate", "DateTimeDigitized": "CreateDate"}
_RATIO = re.compile(r"-?\d+(?:/\d+)?")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_XMP_KEYWORD = "XML:com.adobe.xmp"
_PROFILE = "Raw profile type "  # ImageMagick's: a name, a length, lines of hexadecimal digits


def read(part: Slice) -> Found:
    """What the chunks say, as far as the file goes."""
    blocks: dict[bytes, bytes] = {}
    texts: dict[str, bytes] = {}
    room = _MAX_BYTES
    for name, body in _chunks(part):
        if name in {b"iTXt", b"tEXt", b"zTXt"}:
            keyword, text = _text(name, body, room)
            texts.setdefault(keyword, text)
            room -= len(text)
        else:
            blocks.setdefault(name, body)
    header = blocks.get(b"IHDR", b"")
    block = blocks.get(b"eXIf") or _profile(texts, "exif") or _profile(texts, "APP1")
    packet = texts.get(_XMP_KEYWORD) or _profile(texts, "xmp")
    resources = _profile(texts, "iptc") or b""  # Photoshop's, or the records alone
    tags = values.first(
        exif.of_block(block).items() if block else (),
        xmp.tags(packet).items() if packet else (),
        iptc.of_resources(resources).items(),
        iptc.of_block(resources).items(),
        () if block else _of_exif(texts),
        _named(texts),
        _changed(blocks.get(b"tIME", b"")),
    )
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4))
    return Found(tags, width or None, height or None)


def _chunks(part: Slice) -> Iterator[tuple[bytes, bytes]]:
    position, budget = 8, _MAX_BYTES
    for _ in range(_MAX_CHUNKS):
        header = part.at(position, 8)
        if len(header) < 8 or header[4:] == b"IEND":
            return
        length, name = int.from_bytes(header[:4], "big"), header[4:]
        if name in _WANTED and length <= budget:
            budget -= length
            yield name, part.at(position + 8, length)
        position += length + 12


def _text(name: bytes, body: bytes, room: int) -> tuple[str, bytes]:
    """Keyword and text of a text chunk; UTF-8 in iTXt, Latin-1 (rarely UTF-8) else."""
    keyword, _, rest = body.partition(b"\0")
    is_packed = name == b"zTXt"
    if name == b"zTXt":
        rest = rest[1:]
    elif name == b"iTXt":
        is_packed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]  # language, translated keyword
    text = _unpacked(rest, room) if is_packed else rest
    return keyword.decode("latin-1"), text[: max(room, 0)]


def _unpacked(packed: bytes, room: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, room) if room > 0 else b""
    except zlib.error:
        return b""


def _profile(texts: dict[str, bytes], kind: str) -> bytes | None:
    text = texts.get(_PROFILE + kind, b"").decode("latin-1")
    digits = _HEX.match("".join(text.split("\n")[3:]))
    return bytes.fromhex(digits[0]) if digits else None


def _of_exif(texts: dict[str, bytes]) -> Iterator[tuple[str, JSON]]:
    """The copies of EXIF's tags that ImageMagick writes: texts, and numbers as ratios."""
    for keyword, text in texts.items():
        if keyword.startswith(_EXIF_PREFIX):
            name, value = keyword.removeprefix(_EXIF_PREFIX), values.text(text)
            parts = value.split(", ")
            is_number = "/" in value or name == "Orientation"
            if is_number and all(_RATIO.fullmatch(part) for part in parts):
                yield f"EXIF:{name}", values.numbers(_quotient(part) for part in parts)
            else:
                yield f"EXIF:{_EXIF_NAMES.get(name, name)}", value


def _quotient(text: str) -> float | None:
    dividend, _, divisor = text.partition("/")
    number = int(dividend) / (int(divisor or 1) or math.nan)
    return int(number) if number.is_integer() else number


def _named(texts: dict[str, bytes]) -> Iterator[tuple[str, JSON]]:
    for keyword, text in texts.items():
        words = _WORD.findall(keyword)
        if words and not keyword.startswith((_PROFILE, _XMP_KEYWORD)):
            yield (
                "PNG:" + "".join(f"{word[0].upper()}{word[1:]}" for word in words),
                values.text(text),
            )


def _changed(body: bytes) -> Iterator[tuple[str, JSON]]:
    if len(body) == 7:
        year, (month, day, hour, minute, second) = int.from_bytes(body[:2], "big"), body[2:]
        time = f"{hour:02}:{minute:02}:{second:02}"
        yield "PNG:ModifyDate", f"{year:04}:{month:02}:{day:02} {time}"
