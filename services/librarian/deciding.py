"""The third step: from facts to everything that recording will write; pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from librarian import records
from librarian.domain import capture, clean, naming, position
from librarian.domain import facts as domain_facts
from librarian.domain.capture import Capture, DateRules, Evidence
from librarian.domain.facts import CompanionFacts, Facts
from librarian.placing import Wish
from librarian.staging import Staged

NAME_LIMIT: Final = 512
"""Characters that the contract of `media_assets.original_name` has room for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """A staged file that will be filed as a new asset: where it wants to go, and its rows.

    `record` holds the rows as JSON, in the form of `filings.record`.
    """

    staged: Staged
    asset_id: UUID
    wish: Wish
    record: dict[str, Any]


def plan(
    staged: Staged,
    asset_id: UUID,
    facts: Facts,
    rules: DateRules,
    companions: Sequence[CompanionFacts] = (),
) -> Plan:
    """The plan for a picture or video; `rules.now` is the time of its arrival."""
    companions = domain_facts.merged(companions)
    received = staged.claimed.found.path
    mtime_ns = staged.identity.mtime_ns
    taken = capture.decide(
        Evidence(
            tags=facts.tags,
            original_path=naming.display(received),
            mtime=time_of(mtime_ns),
            arrived_at=rules.now,
            latitude_deg=facts.latitude_deg,
            longitude_deg=facts.longitude_deg,
            companions=companions,
        ),
        rules,
    )
    folder = naming.folder(capture.filing_clock(taken, rules.now, rules))
    record = {
        "asset": asset_row(staged, facts, taken, rules.now),
        "dates": date_row(taken, companions, mtime_ns, rules.now),
        "event": {
            "source_id": str(staged.claimed.source.id),
            "job_id": str(staged.claimed.job_id) if staged.claimed.job_id else None,
        },
        "source": staged.claimed.source.name,
        "source_path": staged.claimed.source.path,
        "placed_by": placing_companion(facts, companions),
    }
    return Plan(staged, asset_id, Wish(folder, received.rpartition(b"/")[2]), record)


def heard(first: Plan, told: Sequence[CompanionFacts], rules: DateRules) -> Plan:
    """The plan, decided anew with what companions say that it did not know."""
    if not told:
        return first
    facts = Facts.from_json(first.record["asset"]["metadata"])
    known = [CompanionFacts(**each) for each in first.record["dates"]["companions"]]
    return plan(first.staged, first.asset_id, facts, rules, [*known, *told])


def asset_row(staged: Staged, facts: Facts, taken: Capture, now: datetime) -> dict[str, Any]:
    """The columns of `media_assets` but for identity and path, as JSON."""
    claimed = staged.claimed
    damage = clean.text(facts.problem) if facts.problem else None
    return {
        "original_name": naming.display(claimed.found.path.rpartition(b"/")[2])[:NAME_LIMIT],
        "original_path": f"{claimed.source.path}/{naming.display(claimed.found.path)}",
        "captured_at": _iso(taken.captured_at),
        "ingested_at": _iso(now),
        "location": location(facts),
        "has_errors": damage is not None,
        "error_message": f"original: {damage}" if damage else None,
        "width": facts.width,
        "height": facts.height,
        "captured_local": _iso(taken.captured_local),
        "utc_offset_minutes": taken.utc_offset_minutes,
        "offset_source": taken.offset_source,
        "captured_at_source": taken.source,
        "date_confidence": taken.confidence,
        "metadata": clean.value(facts.to_json()),
        "media_type": facts.media_type,
        "mime_type": facts.mime_type,
        "damage": damage,
    }


def date_row(
    taken: Capture, companions: Sequence[CompanionFacts], mtime_ns: int, now: datetime
) -> dict[str, Any]:
    """The columns of `asset_dates`, as JSON."""
    return {
        "candidates": clean.value(taken.candidates_json()),
        "time_known": taken.time_known,
        "conflict": taken.conflict,
        "suspicious": taken.suspicious,
        "reasons": list(taken.reasons),
        "rule_version": capture.RULE_VERSION,
        "mtime_ns": mtime_ns,
        "arrived_at": _iso(now),
        "companions": clean.value([dataclasses.asdict(each) for each in companions]),
        "override": None,
        "decided_at": _iso(now),
    }


def placing_companion(facts: Facts, companions: Sequence[CompanionFacts]) -> dict[str, Any] | None:
    """The first companion that knows the place of a photo which does not itself, as JSON."""
    found = None if location(facts) else placing(companions)
    return dataclasses.asdict(found) if found else None


def placing(companions: Sequence[CompanionFacts]) -> CompanionFacts | None:
    """The first companion that knows the place."""
    return next((each for each in companions if each.latitude_deg is not None), None)


def location(facts: Facts) -> dict[str, float] | None:
    """The position for `media_assets.location`; both exactly zero means "no fix"."""
    found = position.position(facts.latitude_deg, facts.longitude_deg)
    return {"lat": found.latitude_deg, "lon": found.longitude_deg} if found else None


def folder_record(
    asset_id: UUID, file_hash: str, size_bytes: int, name: str, record: Mapping[str, Any]
) -> records.Record:
    """The line of the folder's record that belongs to a filing's rows."""
    asset, dates = record["asset"], record["dates"]
    return records.Record(
        asset_id=asset_id,
        file_hash=file_hash,
        size_bytes=size_bytes,
        name=name,
        original_name=asset["original_name"],
        original_path=asset["original_path"],
        source=record["source"],
        source_path=record["source_path"],
        mtime_ns=dates["mtime_ns"],
        arrived_at=datetime.fromisoformat(dates["arrived_at"]),
        ingested_at=datetime.fromisoformat(asset["ingested_at"]),
        decided_at=datetime.fromisoformat(dates["decided_at"]),
        captured=records.Captured(
            local=_time(asset["captured_local"]),
            instant=_time(asset["captured_at"]),
            offset_minutes=asset["utc_offset_minutes"],
            offset_source=asset["offset_source"],
            source=asset["captured_at_source"],
            confidence=asset["date_confidence"],
        ),
        override=dates["override"],
        location=asset["location"],
        companions=tuple(dates["companions"]),
    )


def time_of(mtime_ns: int) -> datetime | None:
    """The instant of an mtime; None for one that no calendar holds."""
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
