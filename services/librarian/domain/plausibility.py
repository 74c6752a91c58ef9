"""Which candidates can not be the capture time: bounds, and the dates of clocks that were reset."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence
from typing import Final

from librarian.domain.candidates import Candidate, Clock
from librarian.domain.timestamps import Precision

AGREEMENT: Final = datetime.timedelta(seconds=30)
DEFAULT_DAYS: Final = tuple(datetime.date(year, 1, 1) for year in (1970, 1980, 2000, 2001))
_DAY: Final = datetime.timedelta(days=1)
_ANY_ZONE: Final = datetime.timedelta(hours=14)
_FIRST_PHOTOGRAPH: Final = 1826
# Clocks that start at a default day after an empty battery or a lost time stamp.
_RESETTABLE: Final = frozenset((Clock.CAMERA, Clock.FILE))
_OTHER_CLOCKS: Final = frozenset((Clock.NAME, Clock.GPS, Clock.COMPANION))
_REVIVABLE: Final = frozenset(("default_date", "before_first_year"))


@dataclasses.dataclass(frozen=True, slots=True)
class DateRules:
    """Settings of the dating rules; `default_zone` is an IANA name, `now` aware.

    `month_first` decides names like 01-02-2019; None leaves them out.
    """

    default_zone: str | None
    now: datetime.datetime
    first_year: int = 1900
    first_year_of_cameras: int = 1990
    default_days: tuple[datetime.date, ...] = DEFAULT_DAYS
    month_first: bool | None = None


def judge(
    found: Sequence[Candidate], rules: DateRules, *, has_camera_make: bool
) -> list[Candidate]:
    """The candidates, the impossible ones rejected with the reason."""
    first_year = rules.first_year_of_cameras if has_camera_make else rules.first_year
    bounded = [_within_bounds(candidate, rules, first_year) for candidate in found]
    return [_unless_default(candidate, bounded, rules) for candidate in bounded]


def usable(judged: Iterable[Candidate]) -> tuple[list[Candidate], bool]:
    """The candidates to select from, and whether a rejected one had to be taken back.

    A doubtful date that a camera wrote still says more than the time of the last copy.
    """
    judged = list(judged)
    kept = [candidate for candidate in judged if not candidate.is_rejected]
    if any(candidate.clock is not Clock.FILE for candidate in kept):
        return kept, False
    doubtful = [c for c in judged if c.reason in _REVIVABLE and c.clock is not Clock.FILE]
    doubtful = [c for c in doubtful if c.reading.clock.year >= _FIRST_PHOTOGRAPH]
    return kept + doubtful, bool(doubtful)


def is_near_default(candidate: Candidate, rules: DateRules) -> bool:
    """Whether a clock that was reset within the last day would show this.

    Of dates without a time only a whole day in a file's metadata: a clock does not write others.
    """
    clock = candidate.reading.clock
    if candidate.is_forced:
        return False
    if not candidate.is_timed:
        is_day = candidate.reading.precision is Precision.DAY
        return is_day and candidate.clock in _RESETTABLE and clock.date() in rules.default_days
    days = (datetime.datetime.combine(day, datetime.time()) for day in rules.default_days)
    return any(abs(clock - day) < _DAY for day in days)


def _within_bounds(candidate: Candidate, rules: DateRules, first_year: int) -> Candidate:
    if candidate.is_rejected:
        return candidate
    clock = candidate.reading.clock
    now = rules.now.astimezone(datetime.UTC).replace(tzinfo=None)
    if clock > now + _DAY and not _may_have_begun(candidate, now):
        return candidate.rejected("in_the_future")
    is_camera = candidate.clock not in {Clock.NAME, Clock.COMPANION, Clock.FOLDER}
    if clock.year < (first_year if is_camera else min(first_year, rules.first_year)):
        return candidate.rejected("before_first_year")
    return candidate


def _may_have_begun(candidate: Candidate, now: datetime.datetime) -> bool:
    """Whether a month or year, read at its first day, is the present one."""
    return candidate.reading.precision < Precision.DAY and candidate.reading.clock <= now


def _unless_default(
    candidate: Candidate, others: Sequence[Candidate], rules: DateRules
) -> Candidate:
    if candidate.is_rejected or not is_near_default(candidate, rules):
        return candidate
    is_exact = candidate.reading.clock.time().replace(microsecond=0) == datetime.time()
    is_resettable = candidate.clock in _RESETTABLE
    is_confirmed = any(_confirms(other, candidate) for other in others)
    if is_exact or (is_resettable and not is_confirmed):
        return candidate.rejected("default_date")
    return candidate


def _confirms(other: Candidate, candidate: Candidate) -> bool:
    """Whether a candidate of another clock shows the same moment, in whatever zone."""
    if other.is_rejected or other.clock not in _OTHER_CLOCKS:
        return False
    mine, theirs = candidate.reading, other.reading
    if theirs.precision is not Precision.SECOND:
        return theirs.precision is Precision.DAY and mine.clock.date() == theirs.clock.date()
    slack = AGREEMENT if mine.is_utc == theirs.is_utc else _ANY_ZONE
    return abs(mine.clock - theirs.clock) <= slack
