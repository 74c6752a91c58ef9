"""When two files say they were taken, by their own clocks, and whether that may be one moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from librarian.domain import timestamps, zone
from librarian.domain.candidates import Clock, Verdict
from librarian.domain.timestamps import Precision

FIRM_WEIGHT: Final = 6
"""Lighter candidates tell when a program wrote the file, not when the picture was taken."""


@dataclasses.dataclass(frozen=True, slots=True)
class Moment:
    """What a file states, to the second: its wall clock, UTC, or both where it names its offset."""

    wall: datetime | None
    utc: datetime | None
    weight: int

    @classmethod
    def stated(cls, candidates: Iterable[Mapping[str, Any]]) -> Moment | None:
        """The moment of the heaviest of a file's own candidates, as `asset_dates` holds them.

        None if it has none that is believable. What a name, a companion or the file system says
        does not count, nor what was decided from it.
        """
        best = max(filter(_is_own, candidates), key=lambda each: int(each["weight"]), default=None)
        if best is None:
            return None
        if best["is_utc"]:  # its value is a wall clock in a zone that the file may not know
            stamp = timestamps.parse(best["raw"])
            utc = stamp.clock.replace(microsecond=0)
            return cls(None, utc - timedelta(minutes=stamp.offset_minutes or 0), best["weight"])
        wall = datetime.fromisoformat(best["value"]).replace(microsecond=0)
        minutes = best["offset_minutes"]
        is_placed = minutes is not None
        return cls(wall, wall - timedelta(minutes=minutes) if is_placed else None, best["weight"])


def agree(one: Moment, other: Moment, within: timedelta) -> bool:
    """Whether two clocks may show one moment.

    Where one states nothing but its wall clock and the other nothing but UTC, any real offset may
    lie between them.
    """
    walls = _difference(one.wall, other.wall)
    instants = _difference(one.utc, other.utc)
    if walls is not None or instants is not None:
        return any(each is not None and each <= within for each in (walls, instants))
    wall, utc = one.wall or other.wall, one.utc or other.utc
    assert wall is not None  # noqa: S101  one has nothing but this
    assert utc is not None  # noqa: S101  and the other nothing but that
    return zone.between(wall, utc, within) is not None


def _is_own(candidate: Mapping[str, Any]) -> bool:
    return bool(
        candidate["clock"] == Clock.CAMERA.value
        and candidate["precision"] == Precision.SECOND.name.lower()
        and candidate["verdict"] != Verdict.REJECTED.value
        and candidate["weight"] >= FIRM_WEIGHT
    )


def _difference(one: datetime | None, other: datetime | None) -> timedelta | None:
    return None if one is None or other is None else abs(one - other)
