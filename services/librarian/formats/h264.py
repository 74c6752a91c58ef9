"""The date of AVCHD videos, from packs in their H.264 stream (MDPM; ExifTool, H264.pm)."""

from typing import Any

from librarian.formats.values import Tags

_MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_DAY, _TIME = 0x18, 0x19
_DAYLIGHT_SAVING, _UNSET = 0x40, 0x80
_PACKETS = 4


def tags(container: Any) -> Tags:  # noqa: ANN401  PyAV's container; its types are not complete
    """H264:DateTimeOriginal of the first pictures, local time; with the offset where stated."""
    for number, packet in enumerate(container.demux(video=0)):
        found = of_packet(bytes(packet))
        if found or number >= _PACKETS:
            return found
    return {}


def of_packet(packet: bytes) -> Tags:
    """The same, of the bytes of one packet."""
    plain = packet.replace(b"\0\0\3", b"\0\0")  # emulation prevention
    start = plain.find(_MARK) + len(_MARK)
    if start < len(_MARK) or start >= len(plain):
        return {}
    entries = [plain[at : at + 5] for at in range(start + 1, start + 1 + 5 * plain[start], 5)]
    packs = {entry[0]: entry[1:] for entry in entries if len(entry) == 5}
    if _DAY not in packs or _TIME not in packs:
        return {}
    zone, century, year, month = packs[_DAY]
    digits = f"{century:02x}{year:02x}{month:02x}{packs[_TIME].hex()}"
    if not digits.isdecimal():
        return {}
    date = f"{digits[:4]}:{digits[4:6]}:{digits[6:8]}"
    time = f"{digits[8:10]}:{digits[10:12]}:{digits[12:14]}"
    return {"H264:DateTimeOriginal": f"{date} {time}{_offset(zone)}"}


def _offset(zone: int) -> str:
    """The offset; none under daylight saving, where makers differ on what is included."""
    if zone & (_UNSET | _DAYLIGHT_SAVING):
        return ""
    sign = "-" if zone & 0x20 else "+"
    return f"{sign}{zone >> 1 & 0x0F:02}:{'30' if zone & 1 else '00'}"
