"""What a person says of a camera's clock, and what it does to a decision."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from librarian.domain import confidence, zone
from librarian.domain.candidates import Candidate, Clock, Verdict
from librarian.domain.capture import Capture
from librarian.domain.zone import Zone

CLOCK_FIX: Final = "clock-fix"
WALL_CLOCK: Final = "wall-clock"
INSTANT: Final = "instant"


@dataclasses.dataclass(frozen=True, slots=True)
class ClockFix:
    """A clock that was wrong by `shift`, or stood in another zone than `zone_name`.

    `keeps` says what the camera showed rightly when the zone is another one: the wall clock (it
    had been set to the place) or the instant (it still ran in the zone of home).
    """

    shift: datetime.timedelta = datetime.timedelta()
    zone_name: str | None = None
    keeps: str = WALL_CLOCK

    def to_json(self, job_id: UUID) -> dict[str, Any]:
        """The form of `asset_dates.override`."""
        return {
            "kind": CLOCK_FIX,
            "job": str(job_id),
            "shift_s": self.shift.total_seconds(),
            "zone": self.zone_name,
            "keeps": self.keeps,
        }

    def after(self, earlier: ClockFix | None) -> ClockFix:
        """This fix on top of an earlier one: shifts add up, the later zone counts."""
        if earlier is None:
            return self
        if self.zone_name is None:
            return dataclasses.replace(earlier, shift=earlier.shift + self.shift)
        return dataclasses.replace(self, shift=earlier.shift + self.shift)

    def apply(self, taken: Capture, own_zone: Zone | None = None) -> Capture:
        """The decision of somebody who knows the clock; the same if another clock decided.

        `own_zone` gave the decision its offset and gives the shifted one its own (summer time).
        A date without a time moves by whole days alone.
        """
        selected = selected_of(taken)
        if selected is None or selected.clock is not Clock.CAMERA:
            return taken
        if taken.captured_local is None or taken.captured_at is None:
            return taken
        shift = self.shift if taken.time_known else _whole_days(self.shift)
        try:
            return self._zoned(taken, selected, shift, own_zone)
        except OverflowError:  # shifted out of the calendar
            return taken

    def _zoned(
        self,
        taken: Capture,
        selected: Candidate,
        shift: datetime.timedelta,
        own_zone: Zone | None,
    ) -> Capture:
        assert taken.captured_local is not None  # noqa: S101  seen by apply
        assert taken.captured_at is not None  # noqa: S101
        local, utc = taken.captured_local + shift, taken.captured_at.replace(tzinfo=None) + shift
        present = Zone(taken.offset_source, taken.utc_offset_minutes or 0)
        named = zone.named(self.zone_name, "manual") or own_zone or present
        is_kept = self.keeps == INSTANT and self.zone_name is not None
        if (is_kept or selected.reading.is_utc) and taken.time_known:
            minutes = named.minutes_at_utc(utc)
            local = utc + datetime.timedelta(minutes=minutes)
        else:
            minutes = named.minutes_at_wall_clock(local)
            utc = local - datetime.timedelta(minutes=minutes)
        return dataclasses.replace(
            taken,
            captured_local=local,
            captured_at=utc.replace(tzinfo=datetime.UTC),
            utc_offset_minutes=minutes,
            offset_source=named.source,
            source="manual",
            confidence=confidence.HIGH,
            conflict=False,
            suspicious=False,
            reasons=(CLOCK_FIX,),
        )


def clock_fix_of(override: Mapping[str, Any] | None) -> ClockFix | None:
    """The clock fix that an override holds; None without one."""
    if override is None or override.get("kind") != CLOCK_FIX:
        return None
    shift = datetime.timedelta(seconds=override.get("shift_s") or 0)
    return ClockFix(shift, override.get("zone"), override.get("keeps") or WALL_CLOCK)


def is_set_by_person(override: Mapping[str, Any] | None) -> bool:
    """Whether a person named the date itself: no rule and no clock fix touches it."""
    return override is not None and override.get("kind") != CLOCK_FIX


def selected_of(taken: Capture) -> Candidate | None:
    """The candidate that supplied the value."""
    return next((c for c in taken.candidates if c.verdict is Verdict.SELECTED), None)


def _whole_days(shift: datetime.timedelta) -> datetime.timedelta:
    return datetime.timedelta(days=round(shift / datetime.timedelta(days=1)))
