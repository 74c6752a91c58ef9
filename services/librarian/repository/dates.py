"""New decisions on capture times and positions, as companions have them made."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.domain.capture import RULE_VERSION, Capture
from librarian.domain.facts import CompanionFacts
from shared import models


def remember(session: orm.Session, asset_id: UUID, companions: Collection[CompanionFacts]) -> None:
    """Keep what companions say of an asset."""
    _update_dates(session, asset_id, companions=[dataclasses.asdict(each) for each in companions])


def store_evidence(session: orm.Session, asset_id: UUID, taken: Capture, now: datetime) -> None:
    """Write what a decision rests on."""
    _update_dates(
        session,
        asset_id,
        candidates=taken.candidates_json(),
        time_known=taken.time_known,
        conflict=taken.conflict,
        suspicious=taken.suspicious,
        reasons=list(taken.reasons),
        rule_version=RULE_VERSION,
        decided_at=now,
    )


def store(session: orm.Session, asset_id: UUID, taken: Capture) -> int:
    """Write a new decision on an asset's capture time; its new revision."""
    return session.execute(
        sa.update(models.MediaAsset)
        .where(models.MediaAsset.id == asset_id)
        .values(
            captured_at=taken.captured_at,
            captured_local=taken.captured_local,
            utc_offset_minutes=taken.utc_offset_minutes,
            offset_source=taken.offset_source,
            captured_at_source=taken.source,
            date_confidence=taken.confidence,
            revision=models.MediaAsset.revision + 1,
        )
        .returning(models.MediaAsset.revision)
    ).scalar_one()


def locate(session: orm.Session, asset_id: UUID, facts: CompanionFacts, now: datetime) -> bool:
    """Give an asset the position of its companion, in place of another companion's.

    False if it is there already, has a position of its own or one that a person gave.
    """
    values = {
        "asset": asset_id,
        "latitude": facts.latitude_deg,
        "longitude": facts.longitude_deg,
        "source": f"companion:{facts.kind}",
        "now": now,
    }
    if session.execute(_IS_PLACED, values).first() is not None:
        return False
    session.execute(_FORGET_PLACE, values)
    session.execute(_PLACE, values)
    return True


def _update_dates(session: orm.Session, asset_id: UUID, **values: object) -> None:
    session.execute(
        sa.update(models.AssetDate).where(models.AssetDate.asset_id == asset_id).values(**values)
    )


_IS_PLACED: Final = sa.text("""
    select from media_assets where id = :asset and location is not null
    union all
    select from asset_locations where asset_id = :asset and current
      and (source not like 'companion:%'
        or (latitude, longitude, source) = (:latitude, :longitude, :source))""")

_FORGET_PLACE: Final = sa.text(
    "update asset_locations set current = false where asset_id = :asset and current"
)

_PLACE: Final = sa.text("""
    insert into asset_locations (asset_id, latitude, longitude, source, decided_at)
    values (:asset, :latitude, :longitude, :source, :now)""")
