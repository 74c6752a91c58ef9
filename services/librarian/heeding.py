"""A companion that comes after its photo: its word on date and place is heard then."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import orm

from librarian import deciding
from librarian.domain import facts as domain_facts
from librarian.domain.capture import Capture, DateRules
from librarian.domain.facts import CompanionFacts
from librarian.redating import brake, decisions, overrides
from librarian.redating.decisions import Decision, Stored
from librarian.redating.plan import Change
from librarian.repository import braking, dates, folder_records, redating
from shared import event_log, events, ledger
from shared.disk.mass_change import Thresholds

Told = tuple[UUID, CompanionFacts]
"""A photo, and what a companion says of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """A photo with all its companions, `new` among them, and what is decided by them.

    `taken` is None where a person has set the date.
    """

    known: Stored
    new: CompanionFacts
    taken: Capture | None

    @property
    def change(self) -> Change | None:
        """What it changes, None if nothing: as a redate that finds nothing to change afterwards."""
        if self.taken is None or Decision.of(self.taken) == self.known.decision:
            return None
        return Change(
            asset_id=self.known.asset_id,
            root_id=self.known.root_id,
            name=self.known.name,
            relative_path=self.known.relative_path,
            before=self.known.decision,
            after=Decision.of(self.taken),
            override_before=self.known.override,
            override_after=self.known.override,
        )


def heed(
    session: orm.Session, told: Iterable[Told], rules: DateRules, thresholds: Thresholds
) -> None:
    """Decide the dates of photos anew that did not know these companions, and place them by them.

    Files stay where they are: only a person's `redate --move` takes them elsewhere.
    Too many photos of earlier deliveries keep their dates until a person has seen it (`brake.py`).
    """
    said: defaultdict[UUID, list[CompanionFacts]] = defaultdict(list)
    for asset_id, facts in told:
        said[asset_id].append(facts)
    if not said:
        return
    ledger.lock(session, list(said))
    stored = sorted(redating.load(session, said).items())
    heard = [each for asset_id, one in stored if (each := _hear(one, said[asset_id], rules))]
    for each in heard:
        dates.remember(session, each.known.asset_id, each.known.companions)
        if placing := deciding.placing(each.known.companions):
            place(session, each.known.asset_id, placing, rules.now)
    earlier = [each for each in heard if each.known.arrived_at < rules.now - braking.DELIVERY]
    changes = [each.change for each in earlier if each.change is not None]
    waiting = brake.held_back(session, changes, thresholds, rules.now)
    for each in heard:
        if each.known.asset_id not in waiting:
            _date(session, each, rules.now)
    folder_records.owe(session, [each.known.asset_id for each in heard])


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


def _hear(stored: Stored, said: Sequence[CompanionFacts], rules: DateRules) -> Heard | None:
    """The photo with what it did not know; None if it knew all of it."""
    new = [facts for facts in said if facts not in stored.companions]
    if not new:
        return None
    companions = domain_facts.merged((*stored.companions, *new))
    known = dataclasses.replace(stored, companions=companions)
    if overrides.is_set_by_person(known.override):
        return Heard(known, new[-1], None)
    return Heard(known, new[-1], decisions.decide(known, rules.default_zone, known.override))


def _date(session: orm.Session, heard: Heard, now: datetime) -> None:
    if heard.taken is None:
        return
    dates.store_evidence(session, heard.known.asset_id, heard.taken, now)
    if heard.change is not None:
        revision = dates.store(session, heard.known.asset_id, heard.taken)
        event_log.append(session, [_redated(heard, heard.taken, revision)], now=now)


def _redated(heard: Heard, taken: Capture, revision: int) -> events.AssetRedatedV1:
    return events.AssetRedatedV1(
        asset_id=heard.known.asset_id,
        revision=revision,
        captured_at_before=heard.known.decision.captured_at,
        captured_at=taken.captured_at,
        captured_at_source=taken.source,
        date_confidence=taken.confidence,
        reason=f"companion:{heard.new.kind}",
    )
