"""The registry of topics: the one place that knows their partitions, retention and keys.

A topic is the CloudEvents type without a version. Retention counts for Kafka alone; the ledger's
``event_log`` keeps every event, since it is the photo's history.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic; records of one key keep their order within it, nothing is promised across."""

    name: str
    summary: str
    partitions: int = 6
    retention_days: int = 30
    key: Literal["asset id", "job id", "subject"] = "asset id"


ASSET_INGESTED: Final = "media.asset.ingested"
ASSET_DUPLICATE_FOUND: Final = "media.asset.duplicate_found"
ASSET_LOCATED: Final = "media.asset.located"
ASSET_REDATED: Final = "media.asset.redated"
ASSET_MOVED: Final = "media.asset.moved"
ASSET_MISSING: Final = "media.asset.missing"
ASSET_GEOCODED: Final = "media.asset.geocoded"
ASSET_THUMBNAILED: Final = "media.asset.thumbnailed"
ASSET_BACKED_UP: Final = "media.asset.backed_up"
ASSET_HEALED: Final = "media.asset.healed"
ASSET_QUARANTINED: Final = "media.asset.quarantined"
ASSET_CURATED: Final = "media.asset.curated"
JOB_REQUESTED: Final = "media.job.requested"
AUDIT: Final = "media.audit"

_ALL = (
    Topic(ASSET_INGESTED, "A new content was filed, dated and recorded."),
    Topic(ASSET_DUPLICATE_FOUND, "A file arrived whose content the ledger already holds."),
    Topic(ASSET_LOCATED, "A position was found or corrected after filing."),
    Topic(ASSET_REDATED, "The capture time of a photo was decided anew."),
    Topic(ASSET_MOVED, "An original has another path."),
    Topic(ASSET_MISSING, "An original is not where the ledger says."),
    Topic(ASSET_GEOCODED, "A position got its place name."),
    Topic(ASSET_THUMBNAILED, "The renditions of a photo are made."),
    Topic(ASSET_BACKED_UP, "A copy on a backup target was read back and hashed."),
    Topic(ASSET_HEALED, "A damaged or missing original was restored from a good copy."),
    Topic(ASSET_QUARANTINED, "A stage gave up on a photo and says why."),
    Topic(ASSET_CURATED, "A person decided something about a photo."),
    Topic(
        JOB_REQUESTED,
        "Somebody wants something done; the row in jobs says what.",
        partitions=3,
        retention_days=7,
        key="job id",
    ),
    Topic(
        AUDIT,
        "Deletes, decisions and sign-ins.",
        partitions=1,
        retention_days=365,
        key="subject",
    ),
)

TOPICS: Final = MappingProxyType({topic.name: topic for topic in _ALL})
