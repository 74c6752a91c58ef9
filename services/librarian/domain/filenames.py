"""Dates in the names of files and folders, as cameras, telephones and messengers write them."""

from __future__ import annotations

import dataclasses
import datetime
import re
from typing import Final

from librarian.domain import naming, timestamps
from librarian.domain.timestamps import Precision, Stamp


@dataclasses.dataclass(frozen=True, slots=True)
class NameDate:
    """A date found in a name.

    `is_recognised`: the pattern belongs to a device or app, so it is trusted more than a loose
    date. `is_download`: the moment something was saved, not taken. `is_forced`: a person wrote
    [FORCE] into the name, and it wins over all metadata.
    """

    stamp: Stamp
    is_recognised: bool = False
    is_download: bool = False
    is_forced: bool = False


_Y: Final = r"(?P<year>(?:19|20)\d\d)"
_M: Final = r"(?P<month>0[1-9]|1[0-2])"
_D: Final = r"(?P<day>0[1-9]|[12]\d|3[01])"
_H: Final = r"(?P<hour>[01]\d|2[0-3])"
_N: Final = r"(?P<minute>[0-5]\d)"
_S: Final = r"(?P<second>[0-5]\d)"
_MS: Final = r"(?P<fraction>\d{3})?"
# At most a real offset: "-0001" and "-0000" are numbers of a series.
_OFFSET: Final = r"(?P<offset>Z(?![a-z])|(?:\+|-(?!00))(?:0\d|1[0-4]):?(?:00|15|30|45))?"
_DATE: Final = rf"{_Y}{_M}{_D}"
_DASHED: Final = rf"{_Y}-{_M}-{_D}"
_LOOSE: Final = rf"{_Y}[-_.]?{_M}[-_.]?{_D}"
_TIME: Final = rf"{_H}{_N}{_S}"
# Also of 12 hours; macOS writes a narrow no-break space before AM and PM.
_SPOKEN: Final = (
    rf"(?P<hour>\d|[01]\d|2[0-3])\.{_N}\.{_S}(?:[ \u00a0\u202f]?(?P<half>[AP]M)(?![a-z]))?"
)
_DEVICES: Final = "IMG|VID|MVIMG|PANO|BURST|Screenshot|signal|dji_fly"

# Class A of the dating rules: patterns of devices and apps, at the beginning of a name.
_RECOGNISED: Final = (
    rf"(?P<utc>PXL)_{_DATE}_{_TIME}{_MS}",  # Pixel telephones write UTC
    rf"(?:{_DEVICES})[_-]{_DATE}[_-]{_TIME}{_MS}",
    rf"{_DATE}_{_TIME}{_MS}",
    rf"(?:IMG|VID|AUD|PTT|STK)-{_DATE}-WA\d{{4}}",
    rf"WhatsApp (?:Image|Video) {_DASHED} at {_SPOKEN}",
    rf"signal-{_DASHED}-{_TIME}{_MS}",
    rf"signal-{_DASHED}-{_H}-{_N}-{_S}(?:-{_MS})?",
    rf"(?:photo|video)_{_DASHED}_{_H}-{_N}-{_S}",
    rf"Screen ?shot {_DASHED} at {_SPOKEN}",
    rf"Screenshot_{_DASHED}-{_H}-{_N}-{_S}",
    rf"WP_{_DATE}_{_H}_{_N}_{_S}",
    rf"DJI_{_DATE}{_TIME}_\d{{4}}",
)
_EPOCH: Final = r"(?:FB_IMG_|mmexport)?(?P<epoch_ms>1\d{12})"
# Classes B and C: a date, with or without a time, anywhere in the name.
_LOOSE_PATTERNS: Final = (
    rf"{_LOOSE}[-_ .T]{_H}[-._:]{_N}[-._:]{_S}{_MS}",
    rf"{_LOOSE}[-_ .T]{_TIME}{_MS}",
    rf"{_DATE}{_TIME}{_MS}",
    rf"{_LOOSE}",
)


def _compiled(pattern: str, start: str) -> re.Pattern[str]:
    offset = _OFFSET if "<hour>" in pattern else ""
    return re.compile(rf"{start}{pattern}{offset}(?!\d)", re.IGNORECASE | re.ASCII)


# In the order of the rules, each with whether a device or app is recognised by it.
_PATTERNS: Final = (
    *((_compiled(pattern, "^"), True) for pattern in _RECOGNISED),
    (_compiled(_EPOCH, "^"), False),
    *((_compiled(pattern, r"(?<!\d)"), False) for pattern in _LOOSE_PATTERNS),
)
_AMERICAN: Final = re.compile(r"(?<!\d)(\d\d)[-_.](\d\d)[-_.]((?:19|20)\d\d)(?!\d)", re.ASCII)
_FORCE: Final = "[FORCE]"


def date_in_name(name: str, *, month_first: bool | None = None) -> NameDate | None:
    """The date a file's name states; the first pattern in the order of the rules wins.

    `month_first` reads 01-02-2019; None leaves it out, as nobody can tell. Endings of copies ("~2",
    "(1)", "-edited") change nothing: only digits may not stand beside a date.
    """
    name = naming.stripped(name)
    is_forced = _FORCE in name
    name = name.replace(_FORCE, " ").strip()
    for pattern, is_recognised in _PATTERNS:
        for match in pattern.finditer(name):
            stamp = _stamp(match)
            if stamp is not None:
                return NameDate(stamp, is_recognised, "epoch_ms" in match.groupdict(), is_forced)
    stamp = _day_month_year(name, month_first=month_first)
    return None if stamp is None else NameDate(stamp, is_forced=is_forced)


def _stamp(match: re.Match[str]) -> Stamp | None:
    parts = match.groupdict()
    if "epoch_ms" in parts:
        instant = datetime.datetime.fromtimestamp(int(parts["epoch_ms"]) / 1000, datetime.UTC)
        return Stamp(instant.replace(tzinfo=None), is_utc=True)
    date = _date(parts["year"], parts["month"], parts["day"])
    if date is None:
        return None
    if "hour" not in parts:
        return Stamp(timestamps.at_end_of_day(date), Precision.DAY)
    time = datetime.time(
        timestamps.hour_of_day(int(parts["hour"]), parts.get("half")),
        int(parts["minute"]),
        int(parts["second"]),
        timestamps.microseconds(parts.get("fraction")),
    )
    clock = datetime.datetime.combine(date, time)
    if "utc" in parts:
        return Stamp(clock, is_utc=True)
    return Stamp(clock, offset_minutes=timestamps.parse_offset(parts["offset"]))


def _day_month_year(name: str, *, month_first: bool | None) -> Stamp | None:
    """07-14-2019 or 14-07-2019, if only one of the two readings is possible or one is chosen."""
    for first, second, year in _AMERICAN.findall(name):
        readings = {_date(year, first, second): True, _date(year, second, first): False}
        readings.pop(None, None)
        dates = [d for d, is_month_first in readings.items() if is_month_first == month_first]
        if len(readings) == 1:
            dates = list(readings)
        for date in dates:
            if date is not None:
                return Stamp(timestamps.at_end_of_day(date), Precision.DAY)
    return None


_FOLDER_DATES: Final = (
    re.compile(rf"(?<!\d){_Y}[-_. ]?{_M}[-_. ]?{_D}(?!\d)", re.ASCII),
    re.compile(rf"(?<!\d){_Y}[-_. ]{_M}(?!\d)", re.ASCII),
)
_NESTED: Final = re.compile(rf"(?:^|/){_Y}/{_M}(?:/{_D})?(?:/|$)", re.ASCII)
_YEAR: Final = re.compile(rf"(?<!\d){_Y}(?!\d)", re.ASCII)


def date_in_folders(path: str) -> Stamp | None:
    """The date the folders of a path state: the deepest with year and month, else a year."""
    folders = path.split("/")[:-1]
    nested = next(iter(_NESTED.finditer("/".join(folders))), None)
    for folder in reversed(folders):
        for pattern in _FOLDER_DATES:
            match = pattern.search(folder)
            if match is not None and (stamp := _folder_stamp(match)):
                return stamp
    if nested is not None:
        return _folder_stamp(nested)
    years = (match for folder in reversed(folders) if (match := _YEAR.search(folder)))
    match = next(years, None)
    return None if match is None else _folder_stamp(match)


def _folder_stamp(match: re.Match[str]) -> Stamp | None:
    parts = match.groupdict()
    month, day = parts.get("month"), parts.get("day")
    date = _date(parts["year"], month or "1", day or "1")
    if date is None:
        return None
    precision = Precision.DAY if day else Precision.MONTH if month else Precision.YEAR
    return Stamp(timestamps.at_end_of_day(date), precision)


def _date(year: str, month: str, day: str) -> datetime.date | None:
    try:
        return datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
