"""Every event class. Names are in the past tense; each class brings one example.

Events are triggers and history: what a handler needs to know for sure it reads from the ledger.
"""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field
from typing_extensions import override

from shared.events import topics
from shared.events.event import AssetEvent, Event

_ASSET = "0192f0c4-9d3e-7b61-8a53-2f1f6f0f9a11"
_JOB = "0192f0c4-a001-7c11-9d00-51b0a1f0c0de"
_FILE = "0192f0c4-9a10-7000-8c11-6a1f2b3c4d5e"


class AssetIngestedV1(AssetEvent):
    """A new content was filed, dated and recorded."""

    topic: ClassVar = topics.ASSET_INGESTED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 1,
        "file_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "original_name": "IMG_2041.HEIC",
        "relative_path": "2024/2024-05-17/IMG_2041.HEIC",
        "size_bytes": 2417203,
        "media_type": "image",
        "mime_type": "image/heic",
        "captured_at": "2024-05-17T09:12:44Z",
        "captured_at_source": "exif:DateTimeOriginal",
        "date_confidence": "high",
        "has_location": True,
        "source_id": "0192f0c4-0000-7000-8000-000000000001",
        "job_id": None,
        "is_restored": False,
    }

    file_hash: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, hex.")
    original_name: str
    relative_path: str | None = Field(description="Below the root of the originals.")
    size_bytes: int = Field(gt=0)
    media_type: str | None = None
    mime_type: str | None = None
    captured_at: datetime | None = None
    captured_at_source: str | None = None
    date_confidence: str = "none"
    has_location: bool = False
    source_id: UUID | None = None
    job_id: UUID | None = None
    is_restored: bool = Field(
        default=False,
        description="It was filed before and came back from the disk: rebuild, reconcile --repair.",
    )


class AssetDuplicateFoundV1(AssetEvent):
    """A file arrived whose content the ledger already holds."""

    topic: ClassVar = topics.ASSET_DUPLICATE_FOUND
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 1,
        "file_id": _FILE,
        "source_id": "0192f0c4-0000-7000-8000-000000000001",
        "display_path": "Camera/IMG_2041 (1).HEIC",
        "is_source_removed": True,
        "job_id": None,
    }

    file_id: UUID
    source_id: UUID | None = None
    display_path: str
    is_source_removed: bool = False
    job_id: UUID | None = None


class AssetLocatedV1(AssetEvent):
    """A position was found or corrected after filing."""

    topic: ClassVar = topics.ASSET_LOCATED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 3,
        "latitude_deg": 48.2082,
        "longitude_deg": 16.3738,
        "source": "companion",
    }

    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=180)
    source: str


class AssetRedatedV1(AssetEvent):
    """The capture time of a photo was decided anew."""

    topic: ClassVar = topics.ASSET_REDATED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 4,
        "captured_at_before": "2024-05-17T09:12:44Z",
        "captured_at": "2023-05-17T09:12:44Z",
        "captured_at_source": "manual",
        "date_confidence": "high",
        "reason": "clock of the camera was one year ahead",
        "job_id": _JOB,
    }

    captured_at_before: datetime | None
    captured_at: datetime | None
    captured_at_source: str | None = None
    date_confidence: str = "none"
    reason: str | None = None
    job_id: UUID | None = None


class AssetMovedV1(AssetEvent):
    """An original has another path."""

    topic: ClassVar = topics.ASSET_MOVED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 5,
        "relative_path_before": "2024/2024-05-17/IMG_2041.HEIC",
        "relative_path": "2023/2023-05-17/IMG_2041.HEIC",
        "reason": "redated",
        "job_id": _JOB,
    }

    relative_path_before: str | None
    relative_path: str
    reason: str | None = None
    job_id: UUID | None = None


class AssetMissingV1(AssetEvent):
    """An original is not where the ledger says."""

    topic: ClassVar = topics.ASSET_MISSING
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 6,
        "relative_path": "2023/2023-05-17/IMG_2041.HEIC",
        "reason": "no such file",
    }

    relative_path: str | None
    reason: str


class AssetGeocodedV1(AssetEvent):
    """A position got its place name."""

    topic: ClassVar = topics.ASSET_GEOCODED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 2,
        "country_code": "AT",
        "country": "Austria",
        "region": "Vienna",
        "city": "Vienna",
        "time_zone": "Europe/Vienna",
    }

    country_code: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    time_zone: str | None = None


class AssetThumbnailedV1(AssetEvent):
    """The renditions of a photo are made."""

    topic: ClassVar = topics.ASSET_THUMBNAILED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 2,
        "kinds": ["thumbnail", "preview"],
        "width_px": 4032,
        "height_px": 3024,
        "producer_version": 1,
    }

    kinds: tuple[str, ...]
    width_px: int | None = None
    height_px: int | None = None
    producer_version: int


class AssetBackedUpV1(AssetEvent):
    """A copy on a backup target was read back and hashed."""

    topic: ClassVar = topics.ASSET_BACKED_UP
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 3,
        "target_id": "0192f0c4-0000-7000-8000-0000000000b1",
        "target_name": "USB disk",
        "relative_path": "2024/2024-05-17/IMG_2041.HEIC",
        "is_same_disk": False,
    }

    target_id: UUID
    target_name: str
    relative_path: str
    is_same_disk: bool = False


class AssetHealedV1(AssetEvent):
    """A damaged or missing original was restored from a good copy."""

    topic: ClassVar = topics.ASSET_HEALED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 7,
        "relative_path": "2023/2023-05-17/IMG_2041.HEIC",
        "healed_from": "USB disk",
        "reason": "hash differed",
    }

    relative_path: str
    healed_from: str
    reason: str | None = None


class AssetQuarantinedV1(AssetEvent):
    """A stage gave up on a photo and says why."""

    topic: ClassVar = topics.ASSET_QUARANTINED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 2,
        "stage": "thumbnailed",
        "error": "truncated JPEG: premature end of data",
        "attempts": 1,
    }

    stage: str
    error: str
    attempts: int = Field(ge=0)


class AssetCuratedV1(AssetEvent):
    """A person decided something about a photo."""

    topic: ClassVar = topics.ASSET_CURATED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "asset_id": _ASSET,
        "revision": 8,
        "decision": "tagged",
        "decided_by": "anna",
        "values": {"tags": ["holiday"]},
    }

    decision: str
    decided_by: str
    values: dict[str, Any] = Field(default_factory=dict)


class JobRequestedV1(Event):
    """Somebody wants something done; the row in ``jobs`` says what, this only wakes its owner."""

    topic: ClassVar = topics.JOB_REQUESTED
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {"job_id": _JOB, "job_type": "ingest"}

    job_id: UUID
    job_type: str

    @property
    @override
    def key(self) -> str:
        return str(self.job_id)


class AuditV1(Event):
    """Somebody deleted or decided something, or signed in."""

    topic: ClassVar = topics.AUDIT
    version: ClassVar = 1
    example: ClassVar[dict[str, Any]] = {
        "subject": "inbox:Photos_Inbox",
        "action": "source.added",
        "actor": "anna",
        "asset_id": None,
        "details": {"mode": "move"},
    }

    subject: str = Field(description="What it was done to, KIND:NAME.")
    action: str
    actor: str
    asset_id: UUID | None = None
    details: dict[str, Any] = Field(default_factory=dict)

    @property
    @override
    def key(self) -> str:
        return self.subject

    @property
    @override
    def subject_asset(self) -> UUID | None:
        return self.asset_id


ALL: tuple[type[Event], ...] = (
    AssetIngestedV1,
    AssetDuplicateFoundV1,
    AssetLocatedV1,
    AssetRedatedV1,
    AssetMovedV1,
    AssetMissingV1,
    AssetGeocodedV1,
    AssetThumbnailedV1,
    AssetBackedUpV1,
    AssetHealedV1,
    AssetQuarantinedV1,
    AssetCuratedV1,
    JobRequestedV1,
    AuditV1,
)
