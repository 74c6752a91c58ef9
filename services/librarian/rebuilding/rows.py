"""From a file, its record and its facts to the rows of the ledger; pure."""

from __future__ import annotations

import dataclasses
import datetime
import os
import uuid
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from librarian import deciding
from librarian.domain import capture, clean, naming
from librarian.domain.capture import Capture, DateRules, Evidence
from librarian.domain.facts import CompanionFacts, Facts
from librarian.rebuilding.archive import Entry
from librarian.records import Captured, Link, Record
from librarian.redating import decisions

NAMESPACE: Final = UUID("6f0ad6f4-5dd7-5c0f-9f7c-8f3c6d1f2b11")
"""Of asset ids that are made from the hash (UUID version 5), for originals without a record."""


@dataclasses.dataclass(frozen=True, slots=True)
class Looked:
    """What one look at a file gave; `facts` is None for what is neither picture nor video."""

    entry: Entry
    file_hash: str
    facts: Facts | None
    kind: str | None = None
    error: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """The root that holds the originals."""

    root_id: UUID
    path: str


@dataclasses.dataclass(frozen=True, slots=True)
class Restored:
    """The rows of one asset, each as JSON, and the record that they come from."""

    asset_id: UUID
    asset: dict[str, Any]
    dates: dict[str, Any]
    placed_by: Mapping[str, Any] | None
    record: Record | None = None


def restored(
    looked: Looked,
    place: Place,
    rules: DateRules,
    record: Record | None,
    companions: tuple[CompanionFacts, ...] = (),
) -> Restored:
    """The rows of an original by its record; without one, and by one that is no use, read anew."""
    if record is None:
        return without_record(looked, place, rules, companions)
    try:
        return from_record(looked, place, rules, record)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):  # edited by hand
        return without_record(looked, place, rules, companions, record.asset_id)


def without_record(
    looked: Looked,
    place: Place,
    rules: DateRules,
    companions: tuple[CompanionFacts, ...],
    asset_id: UUID | None = None,
) -> Restored:
    """The rows of an original that no record tells of: read anew, dated by all that is left."""
    assert looked.facts is not None  # noqa: S101  a picture or video
    path, now = os.fsdecode(looked.entry.path), rules.now
    evidence = _evidence(looked, path, rules, companions, looked.entry.mtime_ns)
    taken = capture.decide(evidence, rules)
    dates = deciding.date_row(taken, companions, looked.entry.mtime_ns, now)
    asset = {
        "original_name": looked.entry.name,
        "original_path": f"{place.path}/{path}",
        "ingested_at": now.isoformat(),
        "location": deciding.location(looked.facts),
        "revision": 1,
        **_captured(_as_recorded(taken)),
    }
    asset_id = asset_id or uuid.uuid5(NAMESPACE, looked.file_hash)
    placed_by = deciding.placing_companion(looked.facts, companions)
    return Restored(asset_id, _complete(asset, asset_id, looked, place), dates, placed_by)


def from_record(looked: Looked, place: Place, rules: DateRules, record: Record) -> Restored:
    """The rows of a recorded original: the record decides, the rules give the evidence again."""
    assert looked.facts is not None  # noqa: S101  a picture or video
    companions = tuple(CompanionFacts(**each) for each in record.companions)
    then = dataclasses.replace(rules, now=record.arrived_at)
    evidence = _evidence(looked, path_in_source(record), then, companions, record.mtime_ns)
    taken = decisions.judge(evidence, then, record.override)
    decided_at = record.decided_at or record.ingested_at
    dates = {
        **deciding.date_row(taken, companions, record.mtime_ns, record.arrived_at),
        "decided_at": decided_at.isoformat(),
        "override": record.override,
    }
    asset = {
        "original_name": record.original_name,
        "original_path": record.original_path,
        "ingested_at": record.ingested_at.isoformat(),
        "location": record.location,
        "revision": record.revision,
        **_captured(record.captured),
    }
    return Restored(
        record.asset_id,
        _complete(asset, record.asset_id, looked, place),
        dates,
        None if record.location else deciding.placing_companion(looked.facts, companions),
        record,
    )


def sidecar_row(looked: Looked, place: Place, asset_id: UUID, link: Link) -> dict[str, Any]:
    """The row of `asset_links` of a filed sidecar."""
    path = os.fsdecode(looked.entry.path)
    return {
        "asset_id": str(asset_id),
        "kind": link.kind,
        "root_id": str(place.root_id),
        "relative_path": path,
        "path_key": naming.path_key(path),
        "file_hash": looked.file_hash,
        "size_bytes": looked.entry.size_bytes,
        "original_name": link.original_name,
        "original_path": link.original_path,
        "evidence": link.evidence,
    }


def path_in_source(record: Record, named: Record | Link | None = None) -> str:
    """The path below the source as received; the bare name where that is not told.

    Of the recorded photo, or of its sidecar if that is `named`.
    """
    named = named or record
    beginning = f"{record.source_path}/"
    path = named.original_path or ""
    if record.source_path and path.startswith(beginning):
        return path[len(beginning) :]
    return named.original_name or ""


def _evidence(
    looked: Looked,
    path: str,
    rules: DateRules,
    companions: tuple[CompanionFacts, ...],
    mtime_ns: int,
) -> Evidence:
    assert looked.facts is not None  # noqa: S101  a picture or video
    return Evidence(
        tags=looked.facts.tags,
        original_path=path,
        mtime=deciding.time_of(mtime_ns),
        arrived_at=rules.now,
        latitude_deg=looked.facts.latitude_deg,
        longitude_deg=looked.facts.longitude_deg,
        companions=companions,
    )


def _complete(
    asset: dict[str, Any], asset_id: UUID, looked: Looked, place: Place
) -> dict[str, Any]:
    facts, path = looked.facts, os.fsdecode(looked.entry.path)
    assert facts is not None  # noqa: S101  a picture or video
    damage = clean.text(facts.problem) if facts.problem else None
    return {
        **asset,
        "id": str(asset_id),
        "file_hash": looked.file_hash,
        "size_bytes": looked.entry.size_bytes,
        "root_id": str(place.root_id),
        "relative_path": path,
        "path_key": naming.path_key(path),
        "final_path": f"{place.path.rstrip('/')}/{path}",
        "has_errors": damage is not None,
        "error_message": f"original: {damage}" if damage else None,
        "width": facts.width,
        "height": facts.height,
        "metadata": clean.value(facts.to_json()),
        "media_type": facts.media_type,
        "mime_type": facts.mime_type,
        "damage": damage,
    }


def _as_recorded(taken: Capture) -> Captured:
    return Captured(
        local=taken.captured_local,
        instant=taken.captured_at,
        offset_minutes=taken.utc_offset_minutes,
        offset_source=taken.offset_source,
        source=taken.source,
        confidence=taken.confidence,
    )


def _captured(captured: Captured) -> dict[str, Any]:
    return {
        "captured_local": _iso(captured.local),
        "captured_at": _iso(captured.instant),
        "utc_offset_minutes": captured.offset_minutes,
        "offset_source": captured.offset_source,
        "captured_at_source": captured.source,
        "date_confidence": captured.confidence,
    }


def _iso(time: datetime.datetime | None) -> str | None:
    return time.isoformat() if time else None
