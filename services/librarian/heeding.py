"""A companion that comes after its photo: its word on date and place is heard then."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import orm

from librarian import deciding
from librarian.domain import facts as domain_facts
from librarian.domain.capture import Capture, DateRules
from librarian.domain.facts import CompanionFacts
from librarian.redating import decisions, overrides
from librarian.redating.decisions import Decision, Stored
from librarian.repository import dates, redating
from shared import event_log, events, ledger


def heed(
    session: orm.Session, asset_ids: Collection[UUID], facts: CompanionFacts, rules: DateRules
) -> set[UUID]:
    """Decide the dates of photos anew that did not know this companion, and place them by it.

    Returns these. Files stay where they are: only a person's `redate --move` takes them elsewhere.
    """
    heard: set[UUID] = set()
    ledger.lock(session, list(asset_ids))
    for asset_id, stored in sorted(redating.load(session, asset_ids).items()):
        if facts in stored.companions:
            continue
        companions = domain_facts.merged((*stored.companions, facts))
        _date(session, dataclasses.replace(stored, companions=companions), facts, rules)
        if told := deciding.placing(companions):
            place(session, asset_id, told, rules.now)
        heard.add(asset_id)
    return heard


def place(session: orm.Session, asset_id: UUID, facts: CompanionFacts, now: datetime) -> None:
    """Store a companion's position, where the photo has none of its own, and have it geocoded."""
    if not dates.locate(session, asset_id, facts, now):
        return
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


def _date(session: orm.Session, known: Stored, told: CompanionFacts, rules: DateRules) -> None:
    """As a redate would decide it, so that one finds nothing to change afterwards."""
    dates.remember(session, known.asset_id, known.companions)
    if overrides.is_set_by_person(known.override):
        return
    taken = decisions.decide(known, rules.default_zone, known.override)
    dates.store_evidence(session, known.asset_id, taken, rules.now)
    if Decision.of(taken) != known.decision:
        revision = dates.store(session, known.asset_id, taken)
        event_log.append(session, [_redated(known, told, taken, revision)], now=rules.now)


def _redated(
    known: Stored, told: CompanionFacts, taken: Capture, revision: int
) -> events.AssetRedatedV1:
    return events.AssetRedatedV1(
        asset_id=known.asset_id,
        revision=revision,
        captured_at_before=known.decision.captured_at,
        captured_at=taken.captured_at,
        captured_at_source=taken.source,
        date_confidence=taken.confidence,
        reason=f"companion:{told.kind}",
    )
