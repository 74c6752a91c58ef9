"""What status says: the one reading behind `photofactory status`, the page and `/api/v1/status`.

The schema is versioned: fields are added, never changed (docs/status.schema.json is generated).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Colour = Literal["green", "yellow", "red"]


class Part(BaseModel):
    """Base of all parts: read once, never changed."""

    model_config = ConfigDict(frozen=True)


class ServiceStatus(Part):
    """One service and its latest heartbeat; one that should run and never reported is red."""

    name: str
    colour: Colour
    status: str = Field(description="OK, WARNING or ERROR, as the service said; else UNKNOWN")
    heartbeat_age_s: int | None
    last_heartbeat_at: datetime | None
    interval_s: int
    current_task: str | None


class StageCounts(Part):
    """How far one stage is: the six numbers add up to the assets of the library."""

    stage: str
    done: int = 0
    pending: int = 0
    running: int = 0
    not_applicable: int = 0
    retrying: int = 0
    quarantined: int = 0


class AssetCounts(Part):
    """The library in numbers."""

    total: int
    images: int
    videos: int
    size_bytes: int
    with_errors: int
    damaged: int
    undated: int
    last_hour: int


class InboxStatus(Part):
    """One watched folder."""

    name: str
    path: str
    mode: Literal["copy", "move", "reference"]
    watching: Literal["native", "polling"] | None
    watching_reason: str | None
    state: Literal["online", "offline", "frozen"]
    state_reason: str | None
    waiting: int = Field(description="files that are still arriving")
    unreadable: int
    last_scanned_at: datetime | None


class RootStatus(Part):
    """One folder tree of ours, and the disk it is on."""

    kind: str
    path: str
    state: Literal["online", "offline", "frozen"]
    state_reason: str | None
    free_bytes: int | None
    total_bytes: int | None


class BackupStatus(Part):
    """One backup target."""

    name: str
    path: str
    is_same_disk: bool
    verified_copies: int
    missing_copies: int = Field(description="originals without a verified copy here")


class StageError(Part):
    """A stage that failed for one asset."""

    asset_id: UUID
    name: str
    stage: str
    state: Literal["retrying", "quarantined"]
    error: str
    attempts: int
    next_attempt_at: datetime | None


class UnfiledFile(Part):
    """A file that was met and is not in the library, with the reason.

    `outcome` is quarantined, failed, or waiting: it is tried again by itself.
    """

    path: str
    outcome: str
    reason: str | None
    detail: str | None
    since: datetime


class DamagedFile(Part):
    """An original or a sidecar in the library that is not whole."""

    asset_id: UUID
    path: str
    damage: str
    whole: str | None = Field(description="path of the whole picture, if that came later")


class LatestAsset(Part):
    """One of the photos filed last."""

    id: UUID
    name: str
    media_type: str | None
    captured_local: datetime | None
    date_confidence: str
    ingested_at: datetime
    place: str | None
    has_thumbnail: bool
    has_errors: bool


class JobStatus(Part):
    """An open job with what became of its files or photos; open = not done yet."""

    id: UUID
    type: str
    state: str
    created_at: datetime
    counts: dict[str, int]


class Status(Part):
    """Everything that a person asks first."""

    version: Literal[1] = 1
    read_at: datetime
    is_well: bool = Field(description="no red service, nothing frozen or offline, no alert")
    alerts: list[str]
    services: list[ServiceStatus]
    assets: AssetCounts
    stages: list[StageCounts]
    files: dict[str, int] = Field(
        description="files met, by outcome; waiting = tried again by itself, open = under way"
    )
    inboxes: list[InboxStatus]
    roots: list[RootStatus]
    backups: list[BackupStatus]
    errors: list[StageError] = Field(description="the latest 20")
    unfiled: list[UnfiledFile] = Field(description="the latest 20, then the 20 that wait longest")
    damaged: list[DamagedFile] = Field(description="the latest 20")
    jobs: list[JobStatus]
    dead_letters: int
    latest: list[LatestAsset]


def render_schema() -> str:
    """Return docs/status.schema.json."""
    schema = Status.model_json_schema(mode="serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
