"""What a redate would change, photo by photo; pure."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from librarian.redating import decisions, overrides
from librarian.redating.decisions import Decision, Stored
from librarian.redating.overrides import ClockFix

REASONS: Final[Mapping[str, str]] = {
    "redate": "redate",
    "clock_fix": "clock fix",
    "companions": "companions",
    "undo": "undo",
}
"""The types of jobs that give photos other dates, as their events say it."""

KINDS: Final[Mapping[str, str]] = {
    "found": "have a date now",
    "lost": "have no date any more",
    "day": "another day",
    "time": "another time of the same day",
    "zone": "another offset from UTC, or another source of it",
    "source": "another source",
    "confidence": "another confidence",
    "doubts": "another conflict, suspicion or precision",
    "folder": "another folder",
}


@dataclasses.dataclass(frozen=True, slots=True)
class How:
    """What is asked for, under which job; with `is_moving` files follow their dates."""

    default_zone: str | None
    job_id: UUID
    fix: ClockFix | None = None
    is_moving: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Back:
    """What an undo brings back: the columns of `asset_dates`, and the path unless it is there."""

    dates: Mapping[str, Any] | None
    path: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One photo that changes. `folder` is where its file goes, None when it stays.

    A change that takes another one back knows more of what was there: `back`.
    """

    asset_id: UUID
    root_id: UUID | None
    name: str
    relative_path: str | None
    before: Decision
    after: Decision
    override_before: Mapping[str, Any] | None
    override_after: Mapping[str, Any] | None
    folder: str | None = None
    back: Back | None = None

    @property
    def is_weighty(self) -> bool:
        """Whether the brake counts it: another wall clock or instant, or another folder.

        Zone, source, confidence and doubts are opinions on the same date: nothing is sorted anew.
        """
        old, new = self.before, self.after
        times = (old.captured_local, old.captured_at), (new.captured_local, new.captured_at)
        return times[0] != times[1] or self.folder is not None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is different, as keys of KINDS."""
        return tuple(_kinds(self.before, self.after)) + (("folder",) if self.folder else ())

    def to_json(self) -> dict[str, Any]:
        """For people's scripts."""
        return {
            "asset_id": str(self.asset_id),
            "name": self.name,
            "relative_path": self.relative_path,
            "kinds": list(self.kinds),
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "folder": self.folder,
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """One photo looked at: its change, or why it has none.

    `is_misplaced`: its folder does not show its date, and stays so.
    """

    change: Change | None
    is_kept: bool = False
    is_of_other_clock: bool = False
    is_misplaced: bool = False


def look(stored: Stored, how: How) -> Look:
    """What becomes of one photo."""
    if overrides.is_set_by_person(stored.override):
        override, after, is_kept = stored.override, stored.decision, True
    else:
        override, after, is_kept = *_decide(stored, how), False
    is_of_other_clock = how.fix is not None and override is stored.override and not is_kept
    if is_of_other_clock:
        after = stored.decision
    wanted = decisions.folder_for(after, stored.arrived_at, how.default_zone)
    is_placed_by_date = stored.folder is not None and not stored.is_partner
    is_misplaced = is_placed_by_date and stored.folder != wanted
    folder = wanted if how.is_moving and is_misplaced else None
    is_same = after == stored.decision and override == stored.override
    change = Change(
        asset_id=stored.asset_id,
        root_id=stored.root_id,
        name=stored.name,
        relative_path=stored.relative_path,
        before=stored.decision,
        after=after,
        override_before=stored.override,
        override_after=override,
        folder=folder,
    )
    return Look(
        change=None if is_same and folder is None else change,
        is_kept=is_kept,
        is_of_other_clock=is_of_other_clock,
        is_misplaced=is_misplaced and folder is None,
    )


def weighty(changes: Iterable[Change]) -> Counter[UUID]:
    """How many photos the brake counts, by root; of those that are only referenced none."""
    found = (change.root_id for change in changes if change.is_weighty)
    return Counter(root_id for root_id in found if root_id is not None)


def counts(changes: Iterable[Change]) -> dict[str, int]:
    """How many photos change in which way; one photo may count under several kinds."""
    found = Counter(kind for change in changes for kind in change.kinds)
    return {kind: found[kind] for kind in KINDS if found[kind]}


def _decide(stored: Stored, how: How) -> tuple[Mapping[str, Any] | None, Decision]:
    """The override to store and the decision with it; the old override if the fix does nothing."""
    if how.fix is None:
        taken = decisions.decide(stored, how.default_zone, stored.override)
        return stored.override, Decision.of(taken)
    fix = how.fix.after(overrides.clock_fix_of(stored.override)).to_json(how.job_id)
    plain = decisions.decide(stored, how.default_zone, None)
    fixed = decisions.decide(stored, how.default_zone, fix)
    if fixed == plain:
        return stored.override, Decision.of(plain)
    return fix, Decision.of(fixed)


def _kinds(before: Decision, after: Decision) -> Iterable[str]:
    old, new = before.captured_local, after.captured_local
    if old is None or new is None:
        if old is not new:
            yield "found" if old is None else "lost"
    elif old != new:
        yield "time" if old.date() == new.date() else "day"
    if (before.utc_offset_minutes, before.offset_source) != (
        after.utc_offset_minutes,
        after.offset_source,
    ):
        yield "zone"
    if before.source != after.source:
        yield "source"
    if before.confidence != after.confidence:
        yield "confidence"
    if (before.conflict, before.suspicious, before.time_known) != (
        after.conflict,
        after.suspicious,
        after.time_known,
    ):
        yield "doubts"
