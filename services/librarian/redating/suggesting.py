"""What the GPS times in photos say of their camera's clock; pure."""

from __future__ import annotations

import dataclasses
import datetime
import statistics
from collections.abc import Iterable
from typing import Final

from librarian.domain.candidates import Clock, Verdict
from librarian.domain.capture import Capture
from librarian.redating import overrides

CLOSE: Final = datetime.timedelta(seconds=30)


@dataclasses.dataclass(frozen=True, slots=True)
class Suggestion:
    """By how much the camera's clock was behind GPS time: the median, and how many say so.

    `agreeing` is the number of photos within 30 s of it, of `photos` that hold both times.
    """

    shift: datetime.timedelta
    agreeing: int
    photos: int


def suggest(decided: Iterable[Capture]) -> Suggestion | None:
    """The shift that the photos' own GPS times ask for, on top of what is decided already.

    None if no photo holds both times.
    """
    apart = [difference for taken in decided if (difference := _behind(taken)) is not None]
    if not apart:
        return None
    middle = datetime.timedelta(seconds=round(statistics.median(d.total_seconds() for d in apart)))
    agreeing = sum(abs(difference - middle) <= CLOSE for difference in apart)
    return Suggestion(middle, agreeing, len(apart))


def _behind(taken: Capture) -> datetime.timedelta | None:
    selected = overrides.selected_of(taken)
    if selected is None or selected.clock is not Clock.CAMERA or not selected.is_timed:
        return None
    by_gps = [
        candidate
        for candidate in taken.candidates
        if candidate.clock is Clock.GPS
        and candidate.is_timed
        and candidate.verdict in {Verdict.AGREES, Verdict.DIFFERS}
    ]
    if not by_gps or taken.captured_at is None:
        return None
    return by_gps[0].reading.clock - taken.captured_at.replace(tzinfo=None)
