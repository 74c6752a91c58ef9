"""Signed positions in degrees from what files write about theirs."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Final

from librarian.domain import facts
from librarian.domain import tag_names as tag


@dataclasses.dataclass(frozen=True, slots=True)
class Position:
    """A place in degrees north and east (WGS 84), and metres above the sea where known."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float | None = None


def of_tags(tags: Mapping[str, facts.JSON]) -> Position | None:
    """The position of a file's tags: EXIF, else QuickTime's, else XMP; None if there is no fix."""
    return _of_exif(tags) or _of_iso_6709(tags.get(tag.KEYS_GPS_COORDINATES)) or _of_xmp(tags)


def position(
    latitude_deg: float | None, longitude_deg: float | None, altitude_m: float | None = None
) -> Position | None:
    """The position, if both coordinates are in range; exactly (0, 0) means no fix."""
    if latitude_deg is None or longitude_deg is None:
        return None
    in_range = -90 <= latitude_deg <= 90 and -180 <= longitude_deg <= 180  # False for NaN
    if not in_range or (latitude_deg == 0 and longitude_deg == 0):
        return None
    has_altitude = altitude_m is not None and math.isfinite(altitude_m)
    return Position(latitude_deg, longitude_deg, altitude_m if has_altitude else None)


def _of_exif(tags: Mapping[str, facts.JSON]) -> Position | None:
    latitude = _degrees(tags.get(tag.EXIF_GPS_LATITUDE), tags.get(tag.EXIF_GPS_LATITUDE_REF), "NS")
    longitude = _degrees(
        tags.get(tag.EXIF_GPS_LONGITUDE), tags.get(tag.EXIF_GPS_LONGITUDE_REF), "EW"
    )
    altitude = _number(tags.get(tag.EXIF_GPS_ALTITUDE))
    if altitude is not None and _is_below_sea(tags.get(tag.EXIF_GPS_ALTITUDE_REF)):
        altitude = -abs(altitude)
    return position(latitude, longitude, altitude)


def _degrees(value: facts.JSON, hemisphere: facts.JSON, letters: str) -> float | None:
    """Signed degrees of degrees, minutes and seconds; without its hemisphere a value is unknown."""
    parts = value if isinstance(value, list) else [value]
    numbers = [_number(part) for part in parts[:3]]
    if not numbers or numbers[0] is None:
        return None
    degrees = math.fsum((number or 0) / 60.0**power for power, number in enumerate(numbers))
    letter = hemisphere.strip()[:1].upper() if isinstance(hemisphere, str) else ""
    if letter not in letters or not letter:
        return None
    return -abs(degrees) if letter == letters[1] else degrees


def _number(value: facts.JSON) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _is_below_sea(reference: facts.JSON) -> bool:
    return reference in {1, "1", "\x01"} if isinstance(reference, int | str) else False


_ISO_6709: Final = re.compile(
    r"(?P<lat>[+-]\d{1,6}(?:\.\d+)?)(?P<lon>[+-]\d{1,7}(?:\.\d+)?)(?P<alt>[+-]\d+(?:\.\d+)?)?"
)


def _of_iso_6709(value: facts.JSON) -> Position | None:
    """A position like "+27.1281+100.2508+000.000/", also in degrees and minutes (and seconds)."""
    found = _ISO_6709.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    altitude = None if found["alt"] is None else float(found["alt"])
    return position(_sexagesimal(found["lat"], 2), _sexagesimal(found["lon"], 3), altitude)


def _sexagesimal(text: str, degree_digits: int) -> float:
    sign, digits = (-1 if text[0] == "-" else 1), text[1:]
    whole = digits.partition(".")[0]
    degrees = float(digits if len(whole) <= degree_digits else digits[:degree_digits])
    rest = digits[degree_digits:] if len(whole) > degree_digits else ""
    if len(whole) == degree_digits + 2:
        degrees += float(rest) / 60
    elif rest:
        degrees += float(rest[:2]) / 60 + float(rest[2:] or 0) / 3600
    return sign * degrees


_XMP_COORDINATE: Final = re.compile(
    r"(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?([NSEW])", re.IGNORECASE
)
_DECIMAL: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")
_RATIO: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)(?:/(\d+))?")


def _of_xmp(tags: Mapping[str, facts.JSON]) -> Position | None:
    altitude = _ratio(tags.get(tag.XMP_GPS_ALTITUDE))
    if altitude is not None and _is_below_sea(tags.get(tag.XMP_GPS_ALTITUDE_REF)):
        altitude = -abs(altitude)
    return position(
        _xmp_degrees(tags.get(tag.XMP_GPS_LATITUDE)),
        _xmp_degrees(tags.get(tag.XMP_GPS_LONGITUDE)),
        altitude,
    )


def _xmp_degrees(value: facts.JSON) -> float | None:
    """Degrees of XMP's "33,51.3419S" or "33,51,20.5S", or of the plain number some write."""
    if not isinstance(value, str):
        return _number(value)
    text = value.strip()
    found = _XMP_COORDINATE.fullmatch(text)
    if found is None:
        return float(text) if _DECIMAL.fullmatch(text) else None
    degrees = int(found[1]) + float(found[2]) / 60 + float(found[3] or 0) / 3600
    return -degrees if found[4].upper() in "SW" else degrees


def _ratio(value: facts.JSON) -> float | None:
    found = _RATIO.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return _number(value)
    divisor = int(found[2] or 1)
    return float(found[1]) / divisor if divisor else None
