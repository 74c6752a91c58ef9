"""Pairs stand together: who comes later is filed beside the other half, under its stem.

Where the date of a picture asks for another folder than that of its partner, the picture decides:
a job brings the partner there. So it does whenever a picture moves.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import orm

from librarian import deciding, heeding
from librarian.deciding import Plan
from librarian.domain import pairs
from librarian.domain.capture import DateRules
from librarian.domain.facts import CompanionFacts
from librarian.domain.pairs import Half, Known, Pair
from librarian.placing import Wish
from librarian.repository import folder_records, links
from librarian.repository import originals as original_rows
from librarian.repository import pairs as rows
from librarian.repository.filings import Filing


def in_turns(plans: Sequence[Plan]) -> list[Sequence[Plan]]:
    """The plans in the order of filing: halves whose other half has to be there come after it."""
    turns = pairs.turns([half_of(plan) for plan in plans])
    return [
        [plan for plan in plans if turns[plan.asset_id] == turn]
        for turn in sorted(set(turns.values()))
    ]


def arranged(
    session: orm.Session, root_id: UUID, plans: Sequence[Plan], now: datetime
) -> list[Plan]:
    """The plans, beside the filed halves of their pairs, whose date and position they heard."""
    halves = [half_of(plan) for plan in plans]
    filed = rows.candidates(session, root_id, halves)
    found = [pairs.of(half, filed) for half in halves]
    if not any(found):
        return list(plans)
    rules = DateRules(default_zone=original_rows.default_zone(session), now=now)
    return [
        _arranged(plan, half, its, rules) if its else plan
        for plan, half, its in zip(plans, halves, found, strict=True)
    ]


def record(session: orm.Session, recorded: Sequence[Filing], now: datetime) -> None:
    """Link recorded halves with theirs, and have them come here."""
    found = [pair for filing in recorded for pair in filing.record.get("pairs", ())]
    for pair in found:
        picture, partner = UUID(pair["picture"]), UUID(pair["partner"])
        links.link(session, pair["kind"], picture, partner, pair["evidence"])
    halves = {UUID(pair[half]) for pair in found for half in ("picture", "partner")}
    folder_records.owe(session, halves)
    rows.gather(session, {UUID(pair["picture"]) for pair in found}, now)


def told(recorded: Sequence[Filing]) -> Iterator[heeding.Told]:
    """What recorded halves say of the other ones, which were there before."""
    for filing in recorded:
        for pair in filing.record.get("pairs", ()):
            halves = {UUID(pair["picture"]), UUID(pair["partner"])}
            for heard_by in halves - {filing.asset_id} if pair["told"] else ():
                yield heard_by, CompanionFacts(**pair["told"])


def half_of(plan: Plan) -> Half:
    """What pairs look at in a plan."""
    claimed = plan.staged.claimed
    folder, _, name = claimed.found.path.rpartition(b"/")
    known = Known.of(plan.record["asset"], plan.record["dates"])
    return Half(plan.asset_id, os.fsdecode(name), (claimed.source.id, folder), known)


def _arranged(plan: Plan, half: Half, found: Sequence[Pair], rules: DateRules) -> Plan:
    said = (pairs.told(pair, pair.other(half)) for pair in found)
    heard = deciding.heard(plan, [facts for facts in said if facts is not None], rules)
    wish = next(filter(None, (_beside(half, pair, heard.wish) for pair in found)), heard.wish)
    told = [_to_json(pair, half) for pair in found]
    return dataclasses.replace(heard, wish=wish, record={**heard.record, "pairs": told})


def _beside(half: Half, pair: Pair, wish: Wish) -> Wish | None:
    """Where a half would stand beside the filed one; None for a picture of another folder."""
    path = str(pair.other(half).relative_path)
    folder = path.rpartition("/")[0]
    if pair.picture is half and folder != wish.folder:
        return None
    name = os.fsdecode(wish.received_name)
    name = pairs.beside(path, name) if pair.is_wanted_by(half) else name
    return Wish(folder, os.fsencode(name))


def _to_json(pair: Pair, half: Half) -> Mapping[str, Any]:
    told = pairs.told(pair, half)
    return {
        "kind": pair.kind,
        "evidence": pair.evidence,
        "picture": str(pair.picture.asset_id),
        "partner": str(pair.partner.asset_id),
        "told": dataclasses.asdict(told) if told else None,
    }
