"""Certain pairs stand together: who comes later is filed beside the other half, under its stem.

Where the date of a picture asks for another folder than that of its partner, the picture decides:
a job brings the partner there. So it does whenever a picture moves.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import orm

from librarian import deciding, heeding
from librarian.deciding import Plan
from librarian.domain import naming, pairs
from librarian.domain.capture import DateRules
from librarian.domain.facts import CompanionFacts
from librarian.domain.pairs import Half, Pair, Taken
from librarian.placing import Wish
from librarian.repository import originals as original_rows
from librarian.repository import pairs as rows
from librarian.repository.filings import Filing


def in_turns(plans: Sequence[Plan]) -> list[Sequence[Plan]]:
    """The plans in the order of filing: those whose other half is of this batch come after it."""
    later = pairs.later([half_of(plan) for plan in plans])
    if not later:
        return [plans]
    first = [plan for plan in plans if plan.asset_id not in later]
    return [first, [plan for plan in plans if plan.asset_id in later]]


def arranged(
    session: orm.Session, root_id: UUID, plans: Sequence[Plan], now: datetime
) -> list[Plan]:
    """The plans, beside the filed halves of their pairs, whose date and position they heard."""
    halves = [half_of(plan) for plan in plans]
    filed = _filed(session, root_id, plans, halves)
    found = [_pairs(half, filed) for half in halves]
    if not any(found):
        return list(plans)
    rules = DateRules(default_zone=original_rows.default_zone(session), now=now)
    return [
        _arranged(plan, half, its, rules) if its else plan
        for plan, half, its in zip(plans, halves, found, strict=True)
    ]


def record(session: orm.Session, recorded: Sequence[Filing], rules: DateRules) -> None:
    """Link recorded halves with theirs, tell these what they know, and have them come here."""
    paired = [filing for filing in recorded if filing.record.get("pairs")]
    for filing in paired:
        for pair in filing.record["pairs"]:
            picture, partner = UUID(pair["picture"]), UUID(pair["partner"])
            rows.link(session, pair["kind"], picture, partner, pair["evidence"])
            if pair["told"]:
                heard_by = partner if filing.asset_id == picture else picture
                heeding.heed(session, [heard_by], CompanionFacts(**pair["told"]), rules)
    rows.gather(session, [filing.asset_id for filing in paired], rules.now)


def touched(filing: Filing) -> set[UUID]:
    """The assets of which recording this filing has changed links or evidence."""
    found = filing.record.get("pairs", ())
    return {UUID(pair[half]) for pair in found for half in ("picture", "partner")}


def half_of(plan: Plan) -> Half:
    """What pairs look at in a plan."""
    asset: Mapping[str, Any] = plan.record["asset"]
    claimed = plan.staged.claimed
    folder, _, name = claimed.found.path.rpartition(b"/")
    local, place = asset["captured_local"], asset["location"]
    return Half(
        asset_id=plan.asset_id,
        name=naming.display(name),
        folder=(claimed.source.id, folder),
        media_type=asset["media_type"],
        live_photo_id=asset["metadata"].get("live_photo_id"),
        taken=Taken(
            datetime.fromisoformat(local) if local else None,
            asset["utc_offset_minutes"],
            asset["offset_source"],
            asset["captured_at_source"],
            plan.record["dates"]["time_known"],
        ),
        position=(place["lat"], place["lon"]) if place else None,
        altitude_m=asset["metadata"].get("altitude_m"),
    )


def _filed(
    session: orm.Session, root_id: UUID, plans: Sequence[Plan], halves: Sequence[Half]
) -> list[Half]:
    """The filed halves that may be of one pair with these."""
    identifiers = {half.live_photo_id for half in halves if half.live_photo_id}
    found = rows.identified(session, root_id, identifiers)
    images = [plan for plan, half in zip(plans, halves, strict=True) if half.media_type == "image"]
    if images:
        source_id = images[0].staged.claimed.source.id
        found += rows.near(session, root_id, source_id, map(_stem, images))
    return list({half.asset_id: half for half in found}.values())


def _stem(plan: Plan) -> bytes:
    folder, slash, name = plan.staged.claimed.found.path.rpartition(b"/")
    return folder + slash + os.fsencode(naming.split(os.fsdecode(name))[0] + ".")


def _pairs(half: Half, filed: Sequence[Half]) -> list[Pair]:
    """The pairs to make: a partner has one picture, that of its own name or the first free one.

    A picture takes every partner of its own name and those that have no picture.
    """
    near = (other for other in filed if _may_be(half, other))
    found = [pair for other in near if (pair := pairs.certain(half, other)) is not None]
    as_picture = [pair for pair in found if pair.picture is half and _is_to_have(half, pair)]
    as_partner = [pair for pair in found if pair.partner is half]
    as_partner.sort(key=lambda pair: (not _is_namesake(half, pair), not _is_free(half, pair)))
    return as_picture + as_partner[:1]


def _may_be(half: Half, other: Half) -> bool:
    return (
        pairs.is_of_one_stem(half.name, other.name)
        if half.live_photo_id is None or other.live_photo_id is None
        else half.live_photo_id == other.live_photo_id
    )


def _is_to_have(half: Half, pair: Pair) -> bool:
    return _is_namesake(half, pair) or _is_free(half, pair)


def _is_namesake(half: Half, pair: Pair) -> bool:
    return pairs.is_of_one_stem(half.name, pair.other(half).name)


def _is_free(half: Half, pair: Pair) -> bool:
    return pair.kind not in pair.other(half).linked


def _arranged(plan: Plan, half: Half, found: Sequence[Pair], rules: DateRules) -> Plan:
    said = (pairs.told(pair.other(half), pair.kind) for pair in found)
    heard = deciding.heard(plan, [facts for facts in said if facts is not None], rules)
    wish = heard.wish
    for pair in found:
        path = str(pair.other(half).relative_path)
        folder = path.rpartition("/")[0]
        if pair.partner is half or folder == wish.folder:
            name = os.fsdecode(wish.received_name)
            name = pairs.beside(path, name) if _is_to_have(half, pair) else name
            wish = Wish(folder, os.fsencode(name))
            break
    told = [_to_json(pair, pairs.told(half, pair.kind)) for pair in found]
    return dataclasses.replace(heard, wish=wish, record={**heard.record, "pairs": told})


def _to_json(pair: Pair, facts: CompanionFacts | None) -> dict[str, Any]:
    return {
        "kind": pair.kind,
        "evidence": pair.evidence,
        "picture": str(pair.picture.asset_id),
        "partner": str(pair.partner.asset_id),
        "told": dataclasses.asdict(facts) if facts else None,
    }
