"""One piece of evidence for the moment a photo was taken."""

from __future__ import annotations

import dataclasses
import datetime
import enum

from librarian.domain import facts
from librarian.domain.timestamps import Precision, Stamp


class Clock(enum.Enum):
    """Whose clock a candidate shows; candidates of one clock are wrong together."""

    CAMERA = "camera"
    GPS = "gps"
    NAME = "name"
    COMPANION = "companion"
    FOLDER = "folder"
    FILE = "file"


class Verdict(enum.Enum):
    """What became of a candidate."""

    SELECTED = "selected"
    AGREES = "agrees"
    GIVES_OFFSET = "gives_offset"
    DIFFERS = "differs"
    REJECTED = "rejected"


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A source's statement and the judgement on it.

    `stamp` is None where the text could not be read. `wall_clock` is filled once the zone is
    known; `reason` tells why a candidate was rejected.
    """

    source: str
    raw: str
    weight: int
    clock: Clock
    stamp: Stamp | None = None
    is_recognised_name: bool = False
    is_forced: bool = False
    wall_clock: datetime.datetime | None = None
    verdict: Verdict = Verdict.DIFFERS
    reason: str | None = None

    @property
    def is_rejected(self) -> bool:
        """Whether the candidate may not be selected."""
        return self.verdict is Verdict.REJECTED

    @property
    def is_timed(self) -> bool:
        """Whether the candidate states a time of day."""
        return self.stamp is not None and self.stamp.precision is Precision.SECOND

    @property
    def reading(self) -> Stamp:
        """The stamp of a candidate that could be read."""
        if self.stamp is None:
            raise ValueError(f"{self.source} holds no date: {self.raw!r}")
        return self.stamp

    @property
    def wall(self) -> datetime.datetime:
        """The wall clock, before the zone is known that of the stamp itself."""
        return self.wall_clock or self.reading.clock

    def rejected(self, reason: str) -> Candidate:
        """The same candidate, not to be selected."""
        return dataclasses.replace(self, verdict=Verdict.REJECTED, reason=reason)

    def to_json(self) -> dict[str, facts.JSON]:
        """The candidate as a JSON object, for the table of evidence and for people."""
        stamp = self.stamp
        return {
            "source": self.source,
            "raw": self.raw,
            "weight": self.weight,
            "clock": self.clock.value,
            "value": None if stamp is None else self.wall.isoformat(),
            "precision": None if stamp is None else stamp.precision.name.lower(),
            "offset_minutes": None if stamp is None else stamp.offset_minutes,
            "is_utc": stamp is not None and stamp.is_utc,
            "verdict": self.verdict.value,
            "reason": self.reason,
        }
