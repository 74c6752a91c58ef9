"""Statuses made by hand, for what is decided from them."""

from datetime import UTC, datetime

from dashboard.status import AssetCounts, ServiceStatus, Status

NOW = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)
NOTHING = AssetCounts(
    total=0, images=0, videos=0, size_bytes=0, with_errors=0, damaged=0, undated=0, last_hour=0
)


def status(**values: object) -> Status:
    """The status of an empty library, but for `values`."""
    empty: dict[str, object] = {
        "read_at": NOW, "is_well": True, "alerts": [], "services": [], "assets": NOTHING,
        "stages": [], "files": {}, "inboxes": [], "roots": [], "backups": [], "errors": [],
        "unfiled": [], "damaged": [], "jobs": [], "dead_letters": 0, "latest": [],
    }  # fmt: skip
    return Status.model_validate(empty | values)


def service(**values: object) -> ServiceStatus:
    """A healthy geocoder, but for `values`."""
    healthy: dict[str, object] = {
        "name": "geocoder", "colour": "green", "status": "OK", "heartbeat_age_s": 5,
        "last_heartbeat_at": NOW, "interval_s": 30, "current_task": "Idle",
    }  # fmt: skip
    return ServiceStatus.model_validate(healthy | values)
