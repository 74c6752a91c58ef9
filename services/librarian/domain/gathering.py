"""All candidates for the capture time that a file, its name, its folders and companions offer.

Weights: the heavier source wins, and a weight of 8 or more with an agreeing one is certain.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from librarian.domain import facts, filenames, timestamps
from librarian.domain import tag_names as tag
from librarian.domain.candidates import Candidate, Clock
from librarian.domain.timestamps import Precision, Stamp

Tags: TypeAlias = Mapping[str, facts.JSON]


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when a date is decided.

    `original_path` is the path below its source as received, folder names included.
    """

    tags: Tags
    original_path: str
    mtime: datetime.datetime | None
    arrived_at: datetime.datetime
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    companions: Sequence[facts.CompanionFacts] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class _Source:
    """A tag that holds a date, and the tags that complete it."""

    tag: str
    weight: int
    clock: Clock = Clock.CAMERA
    is_utc: bool = False
    sub_second: str | None = None
    offsets: tuple[str, ...] = ()
    time: str | None = None


PARTNER_WEIGHT: Final = 6
"""Of what the other half of a pair says; no more than any date that a file states itself."""

_OFFSETS: Final = (
    tag.EXIF_OFFSET_TIME_ORIGINAL,
    tag.EXIF_OFFSET_TIME_DIGITIZED,
    tag.EXIF_OFFSET_TIME,
    tag.EXIF_TIME_ZONE_OFFSET,
)
_SOURCES: Final = (
    _Source(
        tag.EXIF_DATE_TIME_ORIGINAL,
        10,
        sub_second=tag.EXIF_SUB_SEC_TIME_ORIGINAL,
        offsets=_OFFSETS,
    ),
    _Source(tag.MAKER_DATE_TIME_ORIGINAL, 10),
    _Source(tag.KEYS_CREATION_DATE, 9),
    _Source(
        tag.EXIF_CREATE_DATE,
        8,
        sub_second=tag.EXIF_SUB_SEC_TIME_DIGITIZED,
        offsets=(_OFFSETS[1], _OFFSETS[0], *_OFFSETS[2:]),
    ),
    _Source(tag.RIFF_DATE_TIME_ORIGINAL, 8),
    _Source(tag.H264_DATE_TIME_ORIGINAL, 8),
    _Source(tag.QUICKTIME_CREATE_DATE, 7, is_utc=True),
    _Source(tag.QUICKTIME_MEDIA_CREATE_DATE, 6, is_utc=True),  # of a track: the whole counts first
    _Source(tag.VIDEO_CREATE_DATE, 7, is_utc=True),
    _Source(tag.QUICKTIME_CONTENT_CREATE_DATE, 6),
    _Source(tag.XMP_DATE_TIME_ORIGINAL, 6),
    _Source(tag.XMP_DATE_CREATED, 6),
    _Source(tag.IPTC_DATE_CREATED, 6, time=tag.IPTC_TIME_CREATED),
    _Source(tag.PNG_CREATION_TIME, 6),
    _Source(tag.XMP_CREATE_DATE, 6),
    _Source(tag.XMP_DATE_TIME_DIGITIZED, 5),
    _Source(tag.IPTC_DIGITAL_CREATION_DATE, 5, time=tag.IPTC_DIGITAL_CREATION_TIME),
    _Source(
        tag.EXIF_MODIFY_DATE, 5, sub_second=tag.EXIF_SUB_SEC_TIME, offsets=(tag.EXIF_OFFSET_TIME,)
    ),
    _Source(tag.MAKER_DATE_TIME_UTC, 4, Clock.GPS, is_utc=True),
    _Source(tag.EXIF_GPS_DATE_STAMP, 4, Clock.GPS, is_utc=True, time=tag.EXIF_GPS_TIME_STAMP),
    _Source(tag.XMP_GPS_DATE_TIME, 4, Clock.GPS, is_utc=True),
    # Times of the last change: as weak as those of the file system.
    _Source(tag.XMP_MODIFY_DATE, 1, Clock.FILE),
    _Source(tag.PNG_MODIFY_DATE, 1, Clock.FILE, is_utc=True),
)
# In a file beside the photo these are a person's or a service's word on the photo itself; a
# sidecar's date of the picture stands above what is embedded, for it was written later on purpose.
_COMPANION_SOURCES: Final = (
    _Source(tag.XMP_DATE_TIME_ORIGINAL, 11, Clock.COMPANION),
    _Source(tag.XMP_DATE_CREATED, 11, Clock.COMPANION),
    _Source(tag.TAKEOUT_PHOTO_TAKEN_TIME, 6, Clock.COMPANION, is_utc=True),
    _Source(tag.PARTNER_DATE_TIME_ORIGINAL, PARTNER_WEIGHT, Clock.COMPANION),
    _Source(tag.XMP_CREATE_DATE, 5, Clock.COMPANION),
    _Source(tag.XMP_GPS_DATE_TIME, 4, Clock.GPS, is_utc=True),
)
# Makes whose videos hold the camera's local time where the format asks for UTC (as ExifTool's
# documentation of its option QuickTimeUTC tells of).
_LOCAL_TIME_MAKES: Final = (
    "canon", "casio", "eastman kodak", "fuji", "gopro", "kodak", "leica", "nikon", "olympus",
    "panasonic", "pentax", "ricoh", "sanyo",
)  # fmt: skip
_IPTC: Final = "IPTC:"


def gather(evidence: Evidence, *, month_first: bool | None = None) -> list[Candidate]:
    """Every candidate; those whose text is no date are rejected already."""
    found = list(_of_tags(evidence.tags, _SOURCES))
    for companion in evidence.companions:
        for candidate in _of_tags(companion.tags, _COMPANION_SOURCES):
            source = f"companion:{candidate.source}"
            found.append(dataclasses.replace(candidate, source=source))
    found.extend(_of_path(evidence.original_path, month_first=month_first))
    if evidence.mtime is not None:
        clock = evidence.mtime.astimezone(datetime.UTC).replace(tzinfo=None)
        raw = evidence.mtime.isoformat()
        stamp = Stamp(clock, is_utc=True)
        found.append(Candidate("File:FileModifyDate", raw, 1, Clock.FILE, stamp))
    return found


def has_camera_make(tags: Tags) -> bool:
    """Whether the file names the maker of its camera."""
    return bool(_make(tags))


def _of_tags(tags: Tags, sources: Sequence[_Source]) -> Iterator[Candidate]:
    for source in sources:
        raw = _raw(tags, source)
        if raw is None:
            continue
        candidate = Candidate(source.tag, raw, source.weight, source.clock)
        try:
            stamp = _completed(timestamps.parse(raw), source, tags)
        except timestamps.UnreadableError as error:
            yield candidate.rejected(str(error))
        except OverflowError:  # UTC of the first or last day of the calendar
            yield candidate.rejected("not_in_calendar")
        else:
            yield dataclasses.replace(candidate, stamp=stamp)


def _raw(tags: Tags, source: _Source) -> str | None:
    """The text of a date, together with the tag that holds its time."""
    value = tags.get(source.tag)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    time = None if source.time is None else _time(tags.get(source.time))
    if source.clock is Clock.GPS and source.time is not None and time is None:
        return None  # a GPS date alone is of another day half of the time
    return value if time is None else f"{value} {time}"


def _time(value: facts.JSON) -> str | None:
    """A time of day as text, from text or from EXIF's list of three numbers."""
    if isinstance(value, str):
        return value.strip() or None
    if not isinstance(value, list) or len(value) != 3:
        return None
    numbers = [item for item in value if isinstance(item, int | float)]
    if len(numbers) != 3 or not all(0 <= number < 100 for number in numbers):
        return None
    hours, minutes, seconds = numbers
    return f"{int(hours):02}:{int(minutes):02}:{seconds:09.6f}"


def _completed(stamp: Stamp, source: _Source, tags: Tags) -> Stamp:
    """The stamp with sub-seconds and offset of the tags beside it, and its kind of clock."""
    if stamp.precision is not Precision.SECOND:
        return dataclasses.replace(stamp, is_utc=False)
    clock, offset_minutes = stamp.clock, stamp.offset_minutes
    if source.sub_second is not None and not clock.microsecond:
        clock = clock.replace(microsecond=timestamps.microseconds(tags.get(source.sub_second)))
    if source.is_utc:
        if source.tag in _CONTAINER_TAGS and _is_local_container(tags):
            return Stamp(clock)
        utc = clock - datetime.timedelta(minutes=offset_minutes or 0)
        return Stamp(utc, is_utc=True)
    if source.tag.startswith(_IPTC) and offset_minutes == 0:
        offset_minutes = None  # most programs write +0000 without knowing the zone
    if offset_minutes is None:
        stated = (_offset(tags.get(name)) for name in source.offsets)
        offset_minutes = next((minutes for minutes in stated if minutes is not None), None)
    return Stamp(clock, offset_minutes=offset_minutes)


def _offset(value: facts.JSON) -> int | None:
    """Minutes of an offset as text, or as hours: those of the original, then of the last change."""
    hours = value[0] if isinstance(value, list) and value else value
    return timestamps.parse_offset(f"{hours:+}" if isinstance(hours, int) else hours)


_CONTAINER_TAGS: Final = frozenset((tag.QUICKTIME_CREATE_DATE, tag.QUICKTIME_MEDIA_CREATE_DATE))


def _is_local_container(tags: Tags) -> bool:
    """Whether nothing but the maker's habit tells what the container's clock means."""
    maker = _make(tags) or _text(tags, tag.VIDEO_HANDLER)
    return maker.startswith(_LOCAL_TIME_MAKES) and tag.EXIF_DATE_TIME_ORIGINAL not in tags


def _make(tags: Tags) -> str:
    return _text(tags, tag.EXIF_MAKE, tag.KEYS_MAKE, tag.XMP_MAKE)


def _text(tags: Tags, *names: str) -> str:
    for name in names:
        value = tags.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip().lower()
    return ""


def _of_path(path: str, *, month_first: bool | None) -> Iterator[Candidate]:
    name = path.rpartition("/")[2]
    found = filenames.date_in_name(name, month_first=month_first)
    if found is not None:
        is_timed = found.stamp.precision is Precision.SECOND
        yield Candidate(
            "filename_datetime" if is_timed else "filename_date",
            name,
            3 if is_timed else 2,
            Clock.FILE if found.is_download else Clock.NAME,
            found.stamp,
            is_recognised_name=found.is_recognised,
            is_forced=found.is_forced,
        )
    folder = filenames.date_in_folders(path)
    if folder is not None:
        yield Candidate("directory_date", path.rpartition("/")[0], 1, Clock.FOLDER, folder)
