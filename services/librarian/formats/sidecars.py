"""What the files beside a photo say about it, from bytes nobody trusts."""

import datetime
import json
import os
from collections.abc import Mapping

from librarian.domain import clean, companions, position, tag_names
from librarian.domain.companions import CompanionKind
from librarian.domain.facts import JSON, CompanionFacts
from librarian.domain.position import Position
from librarian.formats import xmp

MAX_BYTES = 8 << 20
_MAX_VALUES = 100_000
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


class UnreadableCompanionError(ValueError):
    """The companion is damaged or too large; its photo does not hear it."""


def kind_of(name: str, descriptor: int) -> CompanionKind | None:
    """The kind of companion that an open file is; None for other files.

    What tells it may stand far behind: Takeout's descriptions are as long as people write them.
    """
    if not companions.is_name_of_one(name):
        return None
    return companions.kind_of(name, os.pread(descriptor, MAX_BYTES, 0))


def read(kind: CompanionKind, content: bytes) -> CompanionFacts:
    """Dates and position of a companion; an AAE (edits alone) and an album say nothing.

    Raises:
        UnreadableCompanionError: The content is not what the kind promises.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableCompanionError(f"more than {MAX_BYTES >> 20} MiB are not read")
    match kind:
        case CompanionKind.XMP:
            return xmp_facts(content)
        case CompanionKind.TAKEOUT:
            return takeout_facts(content)
        case CompanionKind.AAE | CompanionKind.TAKEOUT_ALBUM:
            return CompanionFacts(kind.value)


def xmp_facts(content: bytes) -> CompanionFacts:
    """The properties of a sidecar under the names of tag_names, with their position."""
    text = content.decode("utf-16", "replace") if content[:2] in _BYTE_ORDER_MARKS else content
    try:
        tags = clean.tags(xmp.read(text))
    except xmp.UnreadableXmpError as error:
        raise UnreadableCompanionError(str(error)) from error
    return _facts(CompanionKind.XMP, tags, position.of_tags(tags))


def takeout_facts(content: bytes) -> CompanionFacts:
    """Time (UTC) and place that Google Photos knows; (0, 0) and a zero time are unknown."""
    if content.count(b",") > _MAX_VALUES:
        raise UnreadableCompanionError("too many values")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableCompanionError(f"not well-formed: {error}") from error
    if not isinstance(told, dict):
        raise UnreadableCompanionError("no JSON object")
    tags: dict[str, JSON] = {}
    taken = _instant(_object(told, "photoTakenTime").get("timestamp"))
    if taken is not None:
        tags[tag_names.TAKEOUT_PHOTO_TAKEN_TIME] = taken
    place = _place(_object(told, "geoData")) or _place(_object(told, "geoDataExif"))
    return _facts(CompanionKind.TAKEOUT, tags, place)


def _facts(kind: CompanionKind, tags: Mapping[str, JSON], place: Position | None) -> CompanionFacts:
    if place is None:
        return CompanionFacts(kind.value, tags)
    return CompanionFacts(
        kind.value, tags, place.latitude_deg, place.longitude_deg, place.altitude_m
    )


def _object(parent: Mapping[str, JSON], name: str) -> Mapping[str, JSON]:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}


def _instant(seconds: JSON) -> str | None:
    """ISO 8601 in UTC of seconds since 1970, which Takeout writes as text."""
    if isinstance(seconds, bool) or not isinstance(seconds, str | int):
        return None
    try:
        epoch = datetime.datetime.fromtimestamp(0, datetime.UTC)
        instant = epoch + datetime.timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None
    return None if instant == epoch else instant.isoformat()


def _place(geo: Mapping[str, JSON]) -> Position | None:
    numbers = [geo.get(name) for name in ("latitude", "longitude", "altitude")]
    latitude, longitude, altitude = (
        float(n) if isinstance(n, int | float) and not isinstance(n, bool) else None
        for n in numbers
    )
    # Without a fix Takeout writes zeros; an altitude of exactly zero is no measurement either.
    return position.position(latitude, longitude, altitude or None)
