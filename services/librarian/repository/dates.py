"""The evidence of capture times as the ledger keeps it, and new decisions on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.domain.capture import RULE_VERSION, Capture, Evidence
from librarian.domain.facts import CompanionFacts, Facts
from shared import models


@dataclasses.dataclass(frozen=True, slots=True)
class Dated:
    """What is known of one asset's date; a person's `override` stands above all rules."""

    asset_id: UUID
    facts: Facts
    original_path: str
    mtime_ns: int | None
    arrived_at: datetime
    companions: tuple[CompanionFacts, ...]
    override: Mapping[str, Any] | None
    captured_at: datetime | None
    captured_local: datetime | None
    has_position: bool

    def evidence(self, mtime: datetime | None) -> Evidence:
        """The evidence for the dating rules."""
        return Evidence(
            tags=self.facts.tags,
            original_path=self.original_path,
            mtime=mtime,
            arrived_at=self.arrived_at,
            latitude_deg=self.facts.latitude_deg,
            longitude_deg=self.facts.longitude_deg,
            companions=self.companions,
        )


def load(session: orm.Session, asset_ids: Collection[UUID]) -> list[Dated]:
    """The evidence of assets, their rows locked in the order of their ids."""
    rows = session.execute(_LOAD, {"ids": sorted(asset_ids)})
    return [
        Dated(
            asset_id=row.id,
            facts=Facts.from_json(row.metadata),
            original_path=row.path,
            mtime_ns=row.mtime_ns,
            arrived_at=row.arrived_at,
            companions=tuple(CompanionFacts(**each) for each in row.companions),
            override=row.override,
            captured_at=row.captured_at,
            captured_local=row.captured_local,
            has_position=row.has_position,
        )
        for row in rows
        if row.metadata is not None
    ]


def store(
    session: orm.Session,
    asset_id: UUID,
    taken: Capture,
    companions: Collection[CompanionFacts],
    now: datetime,
) -> int:
    """Write a new decision on an asset's capture time; its new revision."""
    session.execute(
        sa.update(models.AssetDate)
        .where(models.AssetDate.asset_id == asset_id)
        .values(
            candidates=taken.candidates_json(),
            time_known=taken.time_known,
            conflict=taken.conflict,
            suspicious=taken.suspicious,
            reasons=list(taken.reasons),
            rule_version=RULE_VERSION,
            companions=[dataclasses.asdict(each) for each in companions],
            decided_at=now,
        )
    )
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


def remember(session: orm.Session, asset_id: UUID, companions: Collection[CompanionFacts]) -> None:
    """Keep what companions say beside a date that they do not change."""
    session.execute(
        sa.update(models.AssetDate)
        .where(models.AssetDate.asset_id == asset_id)
        .values(companions=[dataclasses.asdict(each) for each in companions])
    )


def locate(session: orm.Session, asset_id: UUID, facts: CompanionFacts, now: datetime) -> None:
    """Give an asset without a position that of its companion."""
    session.add(
        models.AssetLocation(
            asset_id=asset_id,
            latitude=facts.latitude_deg,
            longitude=facts.longitude_deg,
            source=f"companion:{facts.kind}",
            decided_at=now,
        )
    )
    session.flush()


_LOAD: Final = sa.text("""
    select a.id, a.metadata, a.captured_at, a.captured_local, d.mtime_ns, d.arrived_at,
      d.companions, d.override,
      coalesce((select f.display_path from files f where f.asset_id = a.id and f.outcome = 'filed'
        order by f.decided_at limit 1), a.original_name) as path,
      a.location is not null or exists (
        select from asset_locations l where l.asset_id = a.id and l.current) as has_position
    from media_assets a join asset_dates d on d.asset_id = a.id
    where a.id = any(cast(:ids as uuid[])) order by a.id for no key update of a""")
