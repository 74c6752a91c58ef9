"""How sure a chosen capture time is, and what speaks against it."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence
from typing import Final

from librarian.domain import selection
from librarian.domain.candidates import Candidate, Clock
from librarian.domain.plausibility import AGREEMENT
from librarian.domain.selection import Cluster
from librarian.domain.zone import Zone

HIGH: Final = "high"
MEDIUM: Final = "medium"
LOW: Final = "low"
NONE: Final = "none"

_CERTAIN_WEIGHT: Final = 8
_CREDIBLE_WEIGHT: Final = 5
_CONTRADICTING_WEIGHT: Final = 7
_LATER_CONTAINER: Final = datetime.timedelta(hours=1)
_FAR_APART: Final = datetime.timedelta(days=30)
_ANY_ZONE: Final = datetime.timedelta(hours=14)
_UNSURE_ZONES: Final = frozenset(("none", "default"))


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """The confidence in a date; `reasons` name what lowered it."""

    confidence: str
    conflict: bool
    suspicious: bool
    reasons: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """What was selected, out of which groups, in which zone."""

    selected: Candidate
    cluster: Cluster
    clusters: Sequence[Cluster]
    chosen_zone: Zone
    is_doubtful_clock: bool

    @property
    def offset_minutes(self) -> int:
        """The offset at the selected moment; a UTC clock that agrees settles a repeated hour."""
        agreeing = (c for c in (self.selected, *self.cluster) if c.is_timed and c.reading.is_utc)
        by_utc = next(agreeing, None)
        if by_utc is None or not self.selected.is_timed:
            return self.chosen_zone.minutes_at_wall_clock(self.selected.wall)
        return self.chosen_zone.minutes_at_utc(by_utc.reading.clock)

    @property
    def utc(self) -> datetime.datetime:
        """The selected moment as a naive UTC clock."""
        return self.selected.wall - datetime.timedelta(minutes=self.offset_minutes)

    def others(self) -> Iterable[Candidate]:
        """The candidates outside the selected group."""
        return (c for cluster in self.clusters if cluster is not self.cluster for c in cluster)


def judge(choice: Choice) -> Judgement:
    """The confidence by weight and number of agreeing members, lowered by what contradicts."""
    conflicts = [] if choice.selected.is_forced else list(_conflicts(choice))
    suspicions = list(_suspicions(choice))
    confidence = _supported(selection.counted(choice.cluster))
    if conflicts:
        confidence = {HIGH: MEDIUM}.get(confidence, LOW)
    reasons = conflicts + suspicions
    if choice.chosen_zone.source == "none":
        reasons.append("no_zone")
    if choice.is_doubtful_clock or choice.chosen_zone.source == "none":
        confidence = LOW
    return Judgement(confidence, bool(conflicts), bool(suspicions), tuple(reasons))


def needs_review(confidence: str, source: str, *, is_doubted: bool) -> bool:
    """Whether a person should look at a date before it is trusted; a name's always.

    `is_doubted`: conflict or suspicion.
    """
    return confidence not in {HIGH, MEDIUM} or is_doubted or source.startswith("filename_")


def _supported(members: Cluster) -> str:
    weight = max((member.weight for member in members), default=0)
    clocks = {member.clock for member in members}
    if clocks <= {Clock.FILE, Clock.FOLDER}:
        return LOW
    if len(members) == 1 and clocks == {Clock.NAME}:
        name = members[0]
        return MEDIUM if name.is_recognised_name or name.is_forced else LOW
    if weight >= _CERTAIN_WEIGHT and len(members) > 1:
        return HIGH
    return MEDIUM if weight >= _CREDIBLE_WEIGHT or len(members) > 1 else LOW


def _conflicts(choice: Choice) -> Iterable[str]:
    others = list(choice.others())
    if any(_contradicts(other, choice) for other in others):
        yield "other_metadata"
    if any(_is_of_another_day(other, choice) for other in others if other.clock is Clock.NAME):
        yield "name_of_another_day"


def _contradicts(other: Candidate, choice: Choice) -> bool:
    if other.weight < _CONTRADICTING_WEIGHT:
        return False
    # A container is closed when the recording ends.
    is_container = other.reading.is_utc and other.clock is Clock.CAMERA
    later = other.wall - choice.selected.wall
    return not (is_container and datetime.timedelta() <= later <= _LATER_CONTAINER)


def _is_of_another_day(name: Candidate, choice: Choice) -> bool:
    if name.reading.is_utc and choice.chosen_zone.source in _UNSURE_ZONES:
        return abs(name.reading.clock - choice.selected.wall) > _ANY_ZONE
    if name.is_timed and abs(name.reading.clock - choice.utc) <= AGREEMENT:
        return False  # some programs name files by UTC
    return name.wall.date() != choice.selected.wall.date()


def _suspicions(choice: Choice) -> Iterable[str]:
    if choice.is_doubtful_clock:
        yield choice.selected.reason or "default_date"
    selected = choice.selected
    names = (c for c in choice.others() if c.clock is Clock.NAME)
    if selected.clock is Clock.CAMERA and any(
        abs(name.wall - selected.wall) > _FAR_APART for name in names
    ):
        yield "name_far_from_metadata"
