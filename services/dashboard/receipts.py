"""The receipt of a photo: how it came, what was decided and why, where its copies are."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from dashboard.status import Part
from shared import models
from shared.errors import UserError


class Occurrence(Part):
    """One time that a file with these bytes was met."""

    path: str
    outcome: str | None
    reason: str | None
    first_seen_at: datetime
    source_removed_at: datetime | None


class Event(Part):
    """One entry of the photo's permanent history."""

    time: datetime
    topic: str
    data: dict[str, Any]


class StageLine(Part):
    """What one stage says of this photo."""

    stage: str
    state: str
    attempts: int
    error: str | None
    updated_at: datetime


class Copy(Part):
    """One verified copy."""

    target: str
    path: str
    state: str
    is_same_disk: bool
    verified_at: datetime | None


class Link(Part):
    """A companion: another photo or a sidecar."""

    kind: str
    asset_id: UUID | None
    path: str | None
    evidence: str | None


class Receipt(Part):
    """Everything that the ledger knows of one photo."""

    id: UUID
    file_hash: str
    original_name: str
    final_path: str
    size_bytes: int
    mime_type: str | None
    damage: str | None
    removed_at: datetime | None
    captured_local: datetime | None
    utc_offset_minutes: int | None
    captured_at_source: str | None
    date_confidence: str
    conflict: bool
    suspicious: bool
    reasons: list[Any]
    candidates: list[Any]
    latitude: float | None
    longitude: float | None
    place: str | None
    occurrences: list[Occurrence]
    stages: list[StageLine]
    copies: list[Copy]
    links: list[Link]
    events: list[Event]


def find(session: orm.Session, name: str, file_hash: str | None) -> UUID:
    """Return the id of the asset that a person means: its id, its bytes, its path or its name.

    A name is also that of a duplicate or a sidecar of it, as it arrived. Raises UserError when
    nothing or more than one photo fits.
    """
    asset = models.MediaAsset
    for condition in conditions(name, file_hash):
        ids = session.scalars(sa.select(asset.id).where(condition).limit(6)).all()
        if len(ids) == 1:
            return ids[0]
        if ids:
            listed = ", ".join(str(each) for each in ids[:5])
            raise UserError(f'several photos are called "{name}"', f"name one by its id: {listed}")
    raise UserError(
        f'no photo "{name}" is in the library',
        "give an asset id, a path, a file name, or a file with the same content",
    )


def conditions(name: str, file_hash: str | None) -> list[sa.ColumnElement[bool]]:
    """Return what to try in turn: the id, the content, the path, the name as received."""
    asset = models.MediaAsset
    tried: list[sa.ColumnElement[bool]] = []
    with contextlib.suppress(ValueError):
        tried.append(asset.id == UUID(name))
    if file_hash:
        tried.append(asset.file_hash == file_hash)
    by_path = (asset.final_path == name, asset.relative_path == name, asset.original_path == name)
    return [*tried, *by_path, asset.original_name == name, arrived_as(name)]


def arrived_as(name: str) -> sa.ColumnElement[bool]:
    """Return what fits the photos that a duplicate or a sidecar of this name belongs to."""
    file = models.File
    path = file.display_path
    is_called = (path == name) | path.endswith(f"/{name}", autoescape=True)
    found = sa.select(file.asset_id).where(file.asset_id.is_not(None), is_called)
    return models.MediaAsset.id.in_(found)


def read(session: orm.Session, asset_id: UUID) -> Receipt:
    """Return the receipt of one asset; raises NoResultFound for an unknown id."""
    asset = session.get_one(models.MediaAsset, asset_id)
    date = session.get(models.AssetDate, asset_id)
    place = session.get(models.AssetPlace, asset_id)
    position = session.execute(
        sa.text(
            "select latitude, longitude from asset_effective_location where asset_id = :asset_id"
        ),
        {"asset_id": asset_id},
    ).one_or_none()
    return Receipt(
        id=asset.id,
        file_hash=asset.file_hash,
        original_name=asset.original_name,
        final_path=present_path(session, asset),
        size_bytes=asset.size_bytes,
        mime_type=asset.mime_type,
        damage=asset.damage,
        removed_at=asset.removed_at,
        captured_local=asset.captured_local,
        utc_offset_minutes=asset.utc_offset_minutes,
        captured_at_source=asset.captured_at_source,
        date_confidence=asset.date_confidence,
        conflict=date is not None and date.conflict,
        suspicious=date is not None and date.suspicious,
        reasons=date.reasons if date is not None else [],
        candidates=date.candidates if date is not None else [],
        latitude=position.latitude if position else None,
        longitude=position.longitude if position else None,
        place=", ".join(part for part in (place.city, place.region, place.country) if part)
        if place is not None
        else None,
        occurrences=read_occurrences(session, asset_id),
        stages=read_stages(session, asset_id),
        copies=read_copies(session, asset_id),
        links=read_links(session, asset_id),
        events=read_events(session, asset_id),
    )


def present_path(session: orm.Session, asset: models.MediaAsset) -> str:
    """Return where the original is now; `final_path` does not follow a moved data folder."""
    root = session.get(models.Root, asset.root_id) if asset.root_id else None
    if root is None or asset.relative_path is None:
        return asset.final_path
    return f"{root.path.rstrip('/')}/{asset.relative_path}"


def read_occurrences(session: orm.Session, asset_id: UUID) -> list[Occurrence]:
    """Return every time a file with these bytes was met, oldest first."""
    file = models.File
    rows = session.execute(
        sa.select(models.Source.source_path, file)
        .join(file, file.source_id == models.Source.id)
        .where(file.asset_id == asset_id)
        .order_by(file.first_seen_at)
    )
    return [
        Occurrence(
            path=f"{folder.rstrip('/')}/{row.display_path}",
            outcome=row.outcome,
            reason=row.reason,
            first_seen_at=row.first_seen_at,
            source_removed_at=row.source_removed_at,
        )
        for folder, row in rows
    ]


def read_stages(session: orm.Session, asset_id: UUID) -> list[StageLine]:
    """Return what the stages say."""
    stage = models.AssetStage
    rows = session.scalars(sa.select(stage).where(stage.asset_id == asset_id).order_by(stage.stage))
    return [
        StageLine(
            stage=row.stage,
            state=row.state,
            attempts=row.attempts,
            error=row.error,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def read_copies(session: orm.Session, asset_id: UUID) -> list[Copy]:
    """Return the copies on backup targets."""
    copy, target = models.AssetCopy, models.BackupTarget
    rows = session.execute(
        sa.select(copy, target.name, target.is_same_disk, models.Root.path)
        .join(target, target.id == copy.target_id)
        .join(models.Root, models.Root.id == target.root_id)
        .where(copy.asset_id == asset_id)
        .order_by(target.name)
    )
    return [
        Copy(
            target=name,
            path=f"{path}/{row.relative_path}",
            state=row.state,
            is_same_disk=is_same_disk,
            verified_at=row.verified_at,
        )
        for row, name, is_same_disk, path in rows
    ]


def read_links(session: orm.Session, asset_id: UUID) -> list[Link]:
    """Return companions, whichever side of the pair this photo is."""
    link, other = models.AssetLink, models.MediaAsset
    other_id = sa.case((link.asset_id == asset_id, link.linked_asset_id), else_=link.asset_id)
    path = sa.func.coalesce(link.relative_path, other.relative_path)
    rows = session.execute(
        sa.select(link.kind, other.id, path, link.evidence)
        .outerjoin(other, other.id == other_id)
        .where((link.asset_id == asset_id) | (link.linked_asset_id == asset_id))
        .order_by(link.created_at)
    )
    return [Link(kind=kind, asset_id=id_, path=at, evidence=why) for kind, id_, at, why in rows]


def read_events(session: orm.Session, asset_id: UUID) -> list[Event]:
    """Return the photo's history, oldest first."""
    log = models.EventLog
    rows = session.execute(
        sa.select(log.time, log.topic, log.payload)
        .where(log.asset_id == asset_id)
        .order_by(log.epoch, log.xid, log.id)
    )
    return [Event(time=row.time, topic=row.topic, data=row.payload) for row in rows]
