"""What the ledger holds of a photo's date, and the decision that today's rules make of it."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from librarian import deciding
from librarian.domain import capture, naming, zone
from librarian.domain.capture import Capture, DateRules, Evidence
from librarian.domain.facts import CompanionFacts, Facts
from librarian.domain.zone import Zone
from librarian.redating import overrides


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What is decided of a date; two decisions that are equal need no change."""

    captured_local: datetime.datetime | None
    captured_at: datetime.datetime | None
    utc_offset_minutes: int | None
    offset_source: str
    source: str
    confidence: str
    time_known: bool
    conflict: bool
    suspicious: bool

    @classmethod
    def of(cls, taken: Capture) -> Decision:
        """The decision in a capture time."""
        names = (field.name for field in dataclasses.fields(cls))
        return cls(**{name: getattr(taken, name) for name in names})

    def to_json(self) -> dict[str, Any]:
        """One key per field, times as ISO 8601."""
        values = dataclasses.asdict(self)
        for name in ("captured_local", "captured_at"):
            values[name] = values[name].isoformat() if values[name] else None
        return values

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Decision:
        """What `to_json` wrote."""
        values = {field.name: value[field.name] for field in dataclasses.fields(cls)}
        for name in ("captured_local", "captured_at"):
            text = values[name]
            values[name] = datetime.datetime.fromisoformat(text) if text else None
        return cls(**values)


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """One asset's date with all evidence; nothing has to be read from its file.

    `received` is the path below its source as it came, for people; `received_name` its bytes.
    `position` is one that a person gave, else the photo's own counts. A partner stands beside its
    picture, whatever its own date.
    """

    asset_id: UUID
    revision: int
    root_id: UUID | None
    relative_path: str | None
    name: str
    received: str
    received_name: bytes | None
    decision: Decision
    override: Mapping[str, Any] | None
    facts: Facts
    companions: tuple[CompanionFacts, ...]
    mtime_ns: int | None
    arrived_at: datetime.datetime
    position: tuple[float, float] | None = None
    is_partner: bool = False

    @property
    def folder(self) -> str | None:
        """The folder below Originals; None for a photo that is only referenced."""
        return self.relative_path.rpartition("/")[0] if self.relative_path is not None else None

    def evidence(self) -> Evidence:
        """What the dating rules judge."""
        own = (self.facts.latitude_deg, self.facts.longitude_deg)
        latitude_deg, longitude_deg = self.position or own
        return Evidence(
            tags=self.facts.tags,
            original_path=self.received,
            mtime=None if self.mtime_ns is None else deciding.time_of(self.mtime_ns),
            arrived_at=self.arrived_at,
            latitude_deg=latitude_deg,
            longitude_deg=longitude_deg,
            companions=self.companions,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class New:
    """A decision to write on an asset that is locked; `dates` are columns of `asset_dates`."""

    asset_id: UUID
    revision: int
    decision: Decision
    dates: Mapping[str, Any]


def decide(stored: Stored, default_zone: str | None, override: Mapping[str, Any] | None) -> Capture:
    """What today's rules say, with what a person said of the clock.

    A photo cannot be taken after it arrived: that moment is the rules' present.
    """
    return judge(stored.evidence(), DateRules(default_zone, stored.arrived_at), override)


def judge(evidence: Evidence, rules: DateRules, override: Mapping[str, Any] | None) -> Capture:
    """What the rules say of evidence, with what a person said of the clock."""
    taken = capture.decide(evidence, rules)
    fix = overrides.clock_fix_of(override)
    return taken if fix is None else fix.apply(taken, zone_of(taken, evidence, rules.default_zone))


def zone_of(taken: Capture, evidence: Evidence, default_zone: str | None) -> Zone | None:
    """The zone whose rules gave a decision its offset; None where the offset is stated."""
    match taken.offset_source:
        case "gps":
            return capture.zone_of_position(evidence)
        case "default":
            return zone.named(default_zone, "default")
        case _:
            return None


def folder_for(decision: Decision, arrived_at: datetime.datetime, default_zone: str | None) -> str:
    """The dated folder that belongs to a decision; without a date that of the arrival."""
    if decision.captured_local is not None:
        return naming.folder(decision.captured_local)
    household = zone.named(default_zone, "default") or zone.UNKNOWN
    utc = arrived_at.astimezone(datetime.UTC).replace(tzinfo=None)
    return naming.folder(household.wall_clock(utc))
