"""What a person writes of a camera's clock: shifts and true times."""

from __future__ import annotations

import datetime
import re
from typing import Final

from shared.errors import UserError

_SHIFT: Final = re.compile(
    r"(?P<sign>[+-])(?:(?P<days>\d+)d)?"
    r"(?:(?P<hours>\d+):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?)?"
)


def shift_of(text: str) -> datetime.timedelta:
    """The shift of "+1:02:03", "-1:02", "+365d" or "-1d0:30:00" (days, hours, minutes, seconds).

    Raises UserError for anything else.
    """
    found = _SHIFT.fullmatch(text.strip())
    if found is None or len(text.strip()) == 1:
        raise UserError(
            f'"{text}" is no shift', "write --shift=+1:02:03 (hours, minutes, seconds) or +365d"
        )
    parts = {name: int(found[name] or 0) for name in ("days", "hours", "minutes", "seconds")}
    try:
        size = datetime.timedelta(**parts)
    except OverflowError as error:
        raise UserError(f'"{text}" leaves the calendar') from error
    return -size if found["sign"] == "-" else size


def words(shift: datetime.timedelta) -> str:
    """A shift as `shift_of` reads it."""
    sign, size = ("-", -shift) if shift < datetime.timedelta() else ("+", shift)
    minutes, seconds = divmod(size.seconds, 60)
    days = f"{size.days}d" if size.days else ""
    return f"{sign}{days}{minutes // 60}:{minutes % 60:02}:{seconds:02}"
