"""Zones and offsets: from a position, from a name, from two clocks."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import zoneinfo
from typing import Final

import tzfpy

CLOSE_ENOUGH: Final = datetime.timedelta(minutes=5)  # a GPS fix is often older than the picture
LONGEST: Final = datetime.timedelta(hours=14)
# Offsets in use since 1970 that are no whole hour (IANA time zone database).
_HALF_AND_QUARTER_HOURS: Final = (
    -570, -270, -210, -150, 210, 270, 330, 345, 390, 510, 525, 570, 630, 690, 765, 825,
)  # fmt: skip
_REAL_OFFSETS: Final = (*range(-12 * 60, 14 * 60 + 1, 60), *_HALF_AND_QUARTER_HOURS)


@dataclasses.dataclass(frozen=True, slots=True)
class Zone:
    """How wall clock and UTC belong together, and whence we know (offset_source).

    `rules` when a place or a setting names the zone, else `fixed_minutes` east of UTC.
    """

    source: str
    fixed_minutes: int = 0
    rules: datetime.tzinfo | None = None

    def minutes_at_wall_clock(self, wall: datetime.datetime) -> int:
        """Offset at a wall clock: in a repeated hour the first, in a skipped one that before."""
        return self._minutes(wall.replace(tzinfo=self.rules)) if self.rules else self.fixed_minutes

    def minutes_at_utc(self, utc: datetime.datetime) -> int:
        """Offset at a naive UTC clock; exact in repeated hours too."""
        if self.rules is None:
            return self.fixed_minutes
        return self._minutes(utc.replace(tzinfo=datetime.UTC).astimezone(self.rules))

    def wall_clock(self, utc: datetime.datetime) -> datetime.datetime:
        """The wall clock at a naive UTC clock."""
        return utc + datetime.timedelta(minutes=self.minutes_at_utc(utc))

    @staticmethod
    def _minutes(moment: datetime.datetime) -> int:
        offset = moment.utcoffset() or datetime.timedelta()
        return round(offset.total_seconds() / 60)


UNKNOWN: Final = Zone("none")
"""No evidence and no setting: clocks are read as UTC, and the confidence says so."""


def named(name: str | None, source: str) -> Zone | None:
    """The zone of an IANA name; None if there is no such zone."""
    if not name:
        return None
    try:
        return Zone(source, rules=_rules(name))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def at_position(latitude_deg: float | None, longitude_deg: float | None) -> Zone | None:
    """The zone of a position, also at sea; None without a position."""
    if latitude_deg is None or longitude_deg is None:
        return None
    return named(tzfpy.get_tz(longitude_deg, latitude_deg), "gps")


def between(
    wall: datetime.datetime, utc: datetime.datetime, near: datetime.timedelta = CLOSE_ENOUGH
) -> Zone | None:
    """The fixed zone in which both clocks show one moment; None if no real offset is near."""
    difference = wall - utc
    if abs(difference) >= LONGEST:
        return None
    minutes = difference.total_seconds() / 60
    nearest = min(_REAL_OFFSETS, key=lambda offset: abs(offset - minutes))
    is_real = abs(nearest - minutes) * 60 <= near.total_seconds()
    return Zone("utc_delta", nearest) if is_real else None


@functools.lru_cache(maxsize=64)
def _rules(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)
