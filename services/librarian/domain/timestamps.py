"""Reading one time stamp as files write it: EXIF, ISO 8601, IPTC, RFC 822 and asctime forms."""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import enum
import re
from typing import Final

END_OF_DAY: Final = datetime.time(23, 59)
"""The time given to a date without one: it sorts last in its day."""


class Precision(enum.IntEnum):
    """The smallest unit a stamp really states."""

    YEAR = 0
    MONTH = 1
    DAY = 2
    SECOND = 3


class UnreadableError(ValueError):
    """The text is no time stamp; the message names the reason in one word."""


@dataclasses.dataclass(frozen=True, slots=True)
class Stamp:
    """A clock's reading: naive, of the wall clock unless `is_utc`; the offset only if stated."""

    clock: datetime.datetime
    precision: Precision = Precision.SECOND
    offset_minutes: int | None = None
    is_utc: bool = False


_OFFSET: Final = re.compile(r"(?:UTC|GMT|Z)?(?:([+-]\d{1,2})(?::?([0-5]\d))?)?", re.IGNORECASE)
# A number has two digits, or one behind a separator or a blank.
_STAMP: Final = re.compile(
    r"(?P<year>\d{4})"
    r"(?:[-:./_]? ?(?P<month>\d\d|(?<=[-:./_ ])\d)"
    r"(?:[-:./_]? ?(?P<day>\d\d|(?<=[-:./_ ])\d))?)?"
    r"(?:(?:[T: ]+|(?<=\d{8}))(?P<hour>\d\d|(?<=[T: ])\d)"
    r"[:.]? ?(?P<minute>\d\d|(?<=[:. ])\d)"
    r"(?:[:.]? ?(?P<second>\d\d|(?<=[:. ])\d)(?:[.,](?P<fraction>\d+))?)?"
    rf"(?:\s*(?P<half>[AP]M))?\s*(?P<offset>{_OFFSET.pattern})(?:\s*(?:DST|STD))?)?",
    re.IGNORECASE,
)
_PADDING: Final = "".join(map(chr, range(33)))  # control characters and the blank
_LONGEST_TEXT: Final = 64
_LONGEST_OFFSET_MINUTES: Final = 14 * 60
_EPOCH_OF_QUICKTIME: Final = datetime.datetime.combine(datetime.date(1904, 1, 1), datetime.time())


def parse(text: str) -> Stamp:
    """The stamp a tag's text states; dates without a time are read at END_OF_DAY.

    Raises:
        UnreadableError: blank, zero, not_a_date or not_in_calendar.
    """
    text = text.strip(_PADDING)
    if not text.strip(" :-/T"):
        raise UnreadableError("blank")
    if len(text) > _LONGEST_TEXT:
        raise UnreadableError("not_a_date")
    found = _STAMP.fullmatch(text)
    stamp = _mail_date(text) if found is None else _from_match(found)
    if stamp.clock == _EPOCH_OF_QUICKTIME:
        raise UnreadableError("zero")
    return stamp


def parse_offset(text: object) -> int | None:
    """Minutes east of UTC of "+02:00", "+0200", "+02", "UTC+2" or "Z"; None for anything else."""
    found = _OFFSET.fullmatch(text.strip()) if isinstance(text, str) and text.strip() else None
    if found is None:
        return None
    hours, minutes = found[1] or "+0", int(found[2] or 0)
    total = abs(int(hours)) * 60 + minutes
    if total > _LONGEST_OFFSET_MINUTES:
        return None
    return -total if hours[0] == "-" else total


def hour_of_day(hour: int, half: str | None) -> int:
    """The hour, 0 to 23, of what is written, with AM or PM beside it or None.

    Some Android cameras write 24 for the first hour of a day (0:08:19 as 24:08:19).
    """
    if hour == 24:
        return 0
    if half is None or hour > 12:
        return hour
    return hour % 12 + (12 if half.upper() == "PM" else 0)


def microseconds(digits: object) -> int:
    """What the digits after a decimal point mean; 0 for anything else."""
    text = str(digits).strip(" \0") if isinstance(digits, str | int) else ""
    return int(text[:6].ljust(6, "0")) if text.isascii() and text.isdigit() else 0


def at_end_of_day(date: datetime.date) -> datetime.datetime:
    """The wall clock that stands for a date without a time."""
    return datetime.datetime.combine(date, END_OF_DAY)


def _from_match(found: re.Match[str]) -> Stamp:
    year, month, day = (int(found[name] or 1) for name in ("year", "month", "day"))
    if not year:
        raise UnreadableError("zero")
    try:
        date = datetime.date(year, month, day)
        if found["hour"] is None:
            return Stamp(at_end_of_day(date), _date_precision(found))
        time = datetime.time(
            hour_of_day(int(found["hour"]), found["half"]),
            int(found["minute"]),
            min(int(found["second"] or 0), 59),  # a leap second, or a camera's :60
            microseconds(found["fraction"]),
        )
    except ValueError as error:
        raise UnreadableError("not_in_calendar") from error
    clock = datetime.datetime.combine(date, time)
    return Stamp(clock, Precision.SECOND, parse_offset(found["offset"]))


def _date_precision(found: re.Match[str]) -> Precision:
    if found["day"] is not None:
        return Precision.DAY
    return Precision.MONTH if found["month"] is not None else Precision.YEAR


def _mail_date(text: str) -> Stamp:
    """The stamp of "Mon, 12 Aug 2013 14:15:34 GMT" or asctime's "Fri Mar 26 21:19:07 2021"."""
    parts = email.utils.parsedate_tz(text)
    if parts is None:
        raise UnreadableError("not_a_date")
    try:
        clock = datetime.datetime.combine(
            datetime.date(*parts[:3]), datetime.time(*parts[3:5], min(parts[5], 59))
        )
    except ValueError as error:
        raise UnreadableError("not_in_calendar") from error
    states_offset = parts[9] is not None and re.search(r"(?:GMT|UTC?|[+-]\d{4})$", text)
    return Stamp(clock, Precision.SECOND, (parts[9] or 0) // 60 if states_offset else None)
