"""What happens in the factory, in words that stay: event classes, topics, the envelope."""

from shared.events.envelope import Envelope, UndecodableError, decode
from shared.events.event import AssetEvent, Event, schema_uri
from shared.events.topics import TOPICS, Topic
from shared.events.types import (
    ALL,
    AssetBackedUpV1,
    AssetCuratedV1,
    AssetDuplicateFoundV1,
    AssetGeocodedV1,
    AssetHealedV1,
    AssetIngestedV1,
    AssetLocatedV1,
    AssetMissingV1,
    AssetMovedV1,
    AssetQuarantinedV1,
    AssetRedatedV1,
    AssetThumbnailedV1,
    AuditV1,
    JobRequestedV1,
)

__all__ = [
    "ALL",
    "TOPICS",
    "AssetBackedUpV1",
    "AssetCuratedV1",
    "AssetDuplicateFoundV1",
    "AssetEvent",
    "AssetGeocodedV1",
    "AssetHealedV1",
    "AssetIngestedV1",
    "AssetLocatedV1",
    "AssetMissingV1",
    "AssetMovedV1",
    "AssetQuarantinedV1",
    "AssetRedatedV1",
    "AssetThumbnailedV1",
    "AuditV1",
    "Envelope",
    "Event",
    "JobRequestedV1",
    "Topic",
    "UndecodableError",
    "decode",
    "schema_uri",
]
