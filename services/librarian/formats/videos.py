"""Videos: container and stream metadata by PyAV (FFmpeg); nothing is decoded."""

import contextlib
import datetime
import itertools
import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from librarian.domain import tag_names
from librarian.domain.facts import JSON
from librarian.formats import boxes, h264, values, xmp
from librarian.formats.found import Found
from librarian.formats.slices import Slice
from librarian.formats.values import Tags

_APPLE = "com.apple.quicktime."
# FFmpeg's names of the container's tags (libavformat/mov.c), without Apple's prefix.
_KEYS = {
    "creationdate": "Keys:CreationDate",
    "location.ISO6709": "Keys:GPSCoordinates",
    "location": "Keys:GPSCoordinates",
    "make": "Keys:Make",
    "model": "Keys:Model",
    "software": "Keys:Software",
    "content.identifier": "Keys:ContentIdentifier",
    "date": tag_names.QUICKTIME_CONTENT_CREATE_DATE,
    "title": "QuickTime:Title",
    "comment": "QuickTime:Comment",
    "description": "QuickTime:Description",
    "encoder": "QuickTime:Encoder",
}
_CREATE_DATE = {
    "mov": tag_names.QUICKTIME_CREATE_DATE,
    "avi": tag_names.RIFF_DATE_TIME_ORIGINAL,
}
_UTC = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?Z?")
_MAX_UDTA, _MAX_TRACKS = 10, 100
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEAD_BYTES = 1 << 16
_ASF_EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)  # counted in 100 ns
_ASF_OF_1970 = 116_444_736_000_000_000  # FFmpeg writes this where it knows no time
_EPOCH_1904 = "1904-01-01"  # of QuickTime times: nothing was set


def read(part: Slice, mime_type: str) -> Found:
    """What the video says; what FFmpeg refuses gives a problem, and what is read here."""
    own: Tags = {}
    if mime_type in {"video/mp4", "video/quicktime", "video/3gpp"}:
        own = _boxed(part)
    elif mime_type == "video/x-ms-wmv":
        own = values.first(_of_asf(part))
    try:
        found = _opened(part)
    except Exception as error:  # noqa: BLE001  hostile bytes raise anything in decoders
        reason = f"unreadable: {type(error).__name__}: {error}"
        return Found(own, problem=reason[:200])
    tags = values.first(own.items(), found.tags.items())
    return Found(tags, found.width, found.height)


def _opened(part: Slice) -> Found:
    import av

    with av.open(part.buffered(), metadata_errors="replace") as container:
        stream = next(iter(container.streams.video), None)
        tags = values.first(
            _container_tags(container.format.name, dict(container.metadata)),
            _stream_tags(container),
            h264.tags(container).items() if container.format.name == "mpegts" else (),
        )
        if stream is None:
            return Found(tags)
        return Found(tags, stream.width or None, stream.height or None)


def _container_tags(format_name: str, metadata: Mapping[str, str]) -> Iterator[tuple[str, JSON]]:
    family = format_name.partition(",")[0]
    for key, text in metadata.items():
        if key == "creation_time":
            yield _created(_CREATE_DATE.get(family, tag_names.VIDEO_CREATE_DATE), text)
            continue
        short = key.removeprefix(_APPLE)
        if short in _KEYS:
            yield _KEYS[short], values.text(text)
        elif not re.search(r"-[a-z]{3}$", key):  # the same again with its language
            yield f"Keys:{short}", values.text(text)


def _created(name: str, text: str) -> tuple[str, JSON]:
    found = _UTC.match(text)
    if found is None or found[1] == _EPOCH_1904:
        return name, None
    if name.startswith("RIFF"):
        return name, f"{found[1].replace('-', ':')} {found[2]}"
    return name, f"{found[1]}T{found[2]}Z"


def _stream_tags(container: Any) -> Iterator[tuple[str, JSON]]:  # noqa: ANN401  PyAV is untyped here
    for stream in container.streams.video[:1]:
        if "creation_time" in stream.metadata:
            yield _created("QuickTime:MediaCreateDate", stream.metadata["creation_time"])
        yield tag_names.VIDEO_HANDLER, values.text(stream.metadata.get("handler_name", ""))
        yield "Video:Codec", stream.codec_context.name
        yield "Video:FrameRate", values.number(stream.average_rate or 0) or None
    for stream in container.streams.audio[:1]:
        yield "Audio:Codec", stream.codec_context.name
    if container.duration:
        yield tag_names.VIDEO_DURATION, container.duration / 1_000_000


def _boxed(part: Slice) -> Tags:
    """What FFmpeg leaves out or rounds: XMP, rotation, the position of 3GPP's box (loci)."""
    packet = boxes.extended(part, boxes.XMP)
    place: JSON = None
    for box in itertools.islice(boxes.at(part, b"moov", b"udta"), _MAX_UDTA):
        for inner in boxes.inside(box.body):
            if inner.name == b"XMP_":
                packet = packet or inner.body
            elif inner.name == b"loci":
                place = _place(inner.content(300))
    own = {tag_names.KEYS_GPS_COORDINATES: place, "Video:Rotation": _rotation(part)}
    found = xmp.tags(packet.at(0, xmp.MAX_PACKET_BYTES)) if packet else {}
    return values.first(own.items(), found.items())


def _place(content: bytes) -> str | None:
    """The position (3GPP TS 26.244, loci) as ISO 6709 writes it."""
    _, _, numbers = content[6:].partition(b"\0")  # behind the place's name
    if len(numbers) < 13:
        return None
    longitude, latitude, altitude = (n / 65536 for n in struct.unpack_from(">iii", numbers, 1))
    return f"{latitude:+.5f}{longitude:+.5f}{altitude:+.3f}/"


def _rotation(part: Slice) -> int | None:
    """By how many degrees clockwise a player turns the first picture track (tkhd); None for 0."""
    for box in itertools.islice(boxes.at(part, b"moov", b"trak", b"tkhd"), _MAX_TRACKS):
        content = box.content(96)
        matrix = content[52 if content[:1] == b"\1" else 40 :]
        if len(matrix) >= 44 and any(matrix[36:44]):  # only pictures have a size
            across, down = struct.unpack_from(">ii", matrix)
            return round(math.degrees(math.atan2(down, across))) % 360 or None
    return None


def _of_asf(part: Slice) -> Iterator[tuple[str, JSON]]:
    """When the file was created, which FFmpeg leaves out (ASF 1.2, 3.2: File Properties Object)."""
    head = part.at(0, _ASF_HEAD_BYTES)
    start = head.find(_ASF_FILE_PROPERTIES)
    ticks = int.from_bytes(head[start + 48 : start + 56], "little") if start > 0 else 0
    if ticks in {0, _ASF_OF_1970}:
        return
    with contextlib.suppress(OverflowError):
        created = _ASF_EPOCH + datetime.timedelta(microseconds=ticks // 10)
        yield tag_names.VIDEO_CREATE_DATE, f"{created:%Y-%m-%dT%H:%M:%SZ}"
