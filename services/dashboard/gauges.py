"""The status as metrics."""

from dashboard.status import Status
from shared import metrics

STATES = ("done", "pending", "running", "not_applicable", "retrying", "quarantined")


def show(status: Status) -> None:
    """Set every gauge that is made from the status; what is gone is not shown any more."""
    assets = status.assets
    metrics.LIBRARY_ASSETS.labels("image").set(assets.images)
    metrics.LIBRARY_ASSETS.labels("video").set(assets.videos)
    metrics.LIBRARY_BYTES.set(assets.size_bytes)
    metrics.ASSETS_WITH_ERRORS.set(assets.with_errors)
    metrics.DEAD_LETTERS_OPEN.set(status.dead_letters)
    for stage in status.stages:
        for state in STATES:
            metrics.ASSETS.labels(stage.stage, state).set(getattr(stage, state))
    _show_folders(status)
    metrics.HEARTBEAT_AGE.clear()
    for service in status.services:
        if service.heartbeat_age_s is not None:
            metrics.HEARTBEAT_AGE.labels(service.name).set(service.heartbeat_age_s)


def _show_folders(status: Status) -> None:
    for gauge in (metrics.BACKUP_MISSING, metrics.INBOX_WAITING, metrics.DISK_FREE, metrics.ROOTS):
        gauge.clear()
    for backup in status.backups:
        metrics.BACKUP_MISSING.labels(backup.name).set(backup.missing_copies)
    for inbox in status.inboxes:
        metrics.INBOX_WAITING.labels(inbox.path).set(inbox.waiting)
        metrics.ROOTS.labels("inbox", inbox.state).inc()
    for root in status.roots:
        metrics.ROOTS.labels(root.kind, root.state).inc()
        if root.free_bytes is not None:
            metrics.DISK_FREE.labels(root.kind).set(root.free_bytes)
