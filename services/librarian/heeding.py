"""A companion that comes after its photo: its word on date and place is heard then."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import orm

from librarian import deciding
from librarian.domain import capture
from librarian.domain.capture import Capture, DateRules
from librarian.domain.facts import CompanionFacts
from librarian.repository import dates
from librarian.repository.dates import Dated
from shared import event_log, events, ledger


def heed(
    session: orm.Session, asset_ids: Collection[UUID], facts: CompanionFacts, rules: DateRules
) -> None:
    """Decide the dates of photos anew that did not know this companion, and place them by it.

    The file stays where it is: only a person's `redate --move` takes it to another folder.
    """
    for dated in dates.load(session, asset_ids):
        if facts in dated.companions:
            continue
        known = dataclasses.replace(dated, companions=(*dated.companions, facts))
        _decide(session, known, rules)
        if facts.latitude_deg is not None and not dated.has_position:
            place(session, dated.asset_id, facts, rules.now)


def place(session: orm.Session, asset_id: UUID, facts: CompanionFacts, now: datetime) -> None:
    """Store a companion's position and have it geocoded."""
    dates.locate(session, asset_id, facts, now)
    ledger.clear(session, "geocoded", [asset_id], now=now)
    revision = ledger.lock(session, [asset_id])[asset_id]
    located = events.AssetLocatedV1(
        asset_id=asset_id,
        revision=revision,
        latitude_deg=facts.latitude_deg or 0.0,
        longitude_deg=facts.longitude_deg or 0.0,
        source=f"companion:{facts.kind}",
    )
    event_log.append(session, [located], now=now)


def _decide(session: orm.Session, known: Dated, rules: DateRules) -> None:
    mtime = None if known.mtime_ns is None else deciding.time_of(known.mtime_ns)
    taken = capture.decide(known.evidence(mtime), rules)
    is_same = (taken.captured_at, taken.captured_local) == (
        known.captured_at,
        known.captured_local,
    )
    if is_same or known.override is not None:
        dates.remember(session, known.asset_id, known.companions)
        return
    revision = dates.store(session, known.asset_id, taken, known.companions, rules.now)
    event_log.append(session, [_redated(known, taken, revision)], now=rules.now)


def _redated(known: Dated, taken: Capture, revision: int) -> events.AssetRedatedV1:
    return events.AssetRedatedV1(
        asset_id=known.asset_id,
        revision=revision,
        captured_at_before=known.captured_at,
        captured_at=taken.captured_at,
        captured_at_source=taken.source,
        date_confidence=taken.confidence,
        reason=f"companion:{known.companions[-1].kind}",
    )
