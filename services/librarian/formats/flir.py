"""FLIR thermal pictures: the date that is nowhere else (ExifTool, FLIR.pm, offset 900)."""

import datetime
import struct

from librarian.formats.values import Tags

_CAMERA = 0x20
_DATE_OFFSET = 900
_PREFIX = b"FLIR\0"


def tags(segments: list[bytes]) -> Tags:
    """MakerNotes:DateTimeOriginal with its offset, from a JPEG's APP1 segments; {} without."""
    own = [body for body in segments if body.startswith(_PREFIX)]
    data = b"".join(body[8:] for body in sorted(own, key=lambda body: body[6:7]))
    try:
        date = _date(data) if data.startswith(b"FFF\0") else None
    except (struct.error, ValueError, OverflowError):
        return {}
    return {"MakerNotes:DateTimeOriginal": date} if date else {}


def _date(data: bytes) -> str | None:
    order = ">" if struct.unpack_from(">I", data, 20)[0] in range(100, 200) else "<"
    start, number = struct.unpack_from(order + "II", data, 24)
    for record in range(start, start + 32 * min(number, 100), 32):
        kind, _, _, _, offset, length = struct.unpack_from(order + "HHIIII", data, record)
        if kind == _CAMERA and length > _DATE_OFFSET + 10:
            return _local(data[offset : offset + length])
    return None


def _local(camera: bytes) -> str:
    order = "<" if camera[:2] == b"\x02\0" else ">"
    seconds, milliseconds, west_minutes = struct.unpack_from(order + "IIh", camera, _DATE_OFFSET)
    zone = datetime.timezone(datetime.timedelta(minutes=-west_minutes))
    taken = datetime.datetime.fromtimestamp(seconds, zone)
    offset = taken.strftime("%z")
    return f"{taken:%Y:%m:%d %H:%M:%S}.{milliseconds & 0xFFFF:03}{offset[:3]}:{offset[3:]}"
