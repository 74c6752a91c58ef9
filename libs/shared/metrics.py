"""Every metric of every service, declared once; docs/metrics.md is generated from here."""

from collections.abc import Sequence
from typing import TypeVar

import prometheus_client as prometheus

Metric = TypeVar("Metric", prometheus.Counter, prometheus.Gauge, prometheus.Histogram)

REGISTRY = prometheus.CollectorRegistry()
prometheus.ProcessCollector(registry=REGISTRY)

_SECONDS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 1800.0)
_rows: list[tuple[str, str, str, str, str]] = []


def _counter(name: str, unit: str, text: str, labels: Sequence[str] = ()) -> prometheus.Counter:
    metric = prometheus.Counter(name, text, labels, registry=REGISTRY)
    return _listed(metric, name, unit, text, labels)


def _gauge(name: str, unit: str, text: str, labels: Sequence[str] = ()) -> prometheus.Gauge:
    metric = prometheus.Gauge(name, text, labels, registry=REGISTRY)
    return _listed(metric, name, unit, text, labels)


def _seconds(name: str, text: str, labels: Sequence[str] = ()) -> prometheus.Histogram:
    metric = prometheus.Histogram(name, text, labels, buckets=_SECONDS, registry=REGISTRY)
    return _listed(metric, name, "seconds", text, labels)


def _listed(metric: Metric, name: str, unit: str, text: str, labels: Sequence[str]) -> Metric:
    kind = type(metric).__name__.lower()
    _rows.append((name, kind, ", ".join(labels) or "-", unit, text))
    return metric


EVENTS_CONSUMED = _counter(
    "events_consumed_total", "events", "Events taken from the log.", ("topic", "outcome")
)
EVENT_AGE = _seconds("event_age_seconds", "From writing the event to its effect.", ("topic",))
EVENTS_DEAD_LETTERED = _counter(
    "events_dead_lettered_total", "events", "Payloads that no row could hold.", ("topic",)
)
EVENTS_PUBLISHED = _counter(
    "events_published_total", "events", "Events that the broker acknowledged.", ("topic",)
)
OFFSET_COMMITS = _counter(
    "offset_commits_total", "commits", "Positions given back to the log.", ("outcome",)
)
REBALANCES = _counter("rebalances_total", "rebalances", "Assignments taken from this member.")
CONSUMER_LAG = _gauge(
    "consumer_lag_records", "events", "Events of this group that are not done.", ("group",)
)
STAGE_WORK = _seconds("stage_work_seconds", "One try of the work on one file.", ("stage",))
STAGE_RESULTS = _counter(
    "stage_results_total",
    "files",
    "What became of files: done, not_applicable, retried, parked, quarantined, waiting, lost.",
    ("stage", "outcome"),
)
STAGE_BATCH = _seconds("stage_record_seconds", "Recording one batch in the ledger.", ("stage",))
BREAKER_OPEN = _gauge(
    "breaker_open", "0 or 1", "Unknown errors look like a bug; nothing is condemned.", ("stage",)
)
LOOP_BEAT_AGE = _gauge(
    "loop_beat_age_seconds", "seconds", "Since the loop made progress last.", ("loop",)
)
HEARTBEATS_FAILED = _counter(
    "heartbeats_failed_total", "heartbeats", "Heartbeats that the ledger did not take."
)
FILES_DECIDED = _counter(
    "files_decided_total", "files", "Files met in sources, by what became of them.", ("outcome",)
)
FILING_SECONDS = _seconds("filing_seconds", "From the claim of a file to its record.")
DEAD_LETTERS_OPEN = _gauge("dead_letters_open", "events", "Payloads that wait for a person.")
ASSETS = _gauge("assets", "photos", "Assets by stage and state.", ("stage", "state"))
LIBRARY_ASSETS = _gauge("library_assets", "photos", "Assets of the library.", ("media_type",))
LIBRARY_BYTES = _gauge("library_bytes", "bytes", "Size of all originals.")
ASSETS_WITH_ERRORS = _gauge("assets_with_errors", "photos", "Assets with a failed stage.")
BACKUP_MISSING = _gauge(
    "backup_copies_missing", "photos", "Originals without a verified copy on a target.", ("target",)
)
HEARTBEAT_AGE = _gauge(
    "heartbeat_age_seconds", "seconds", "Since a service told the ledger of itself.", ("service",)
)
INBOX_WAITING = _gauge("inbox_files_waiting", "files", "Files still arriving.", ("inbox",))
ROOTS = _gauge("roots", "folders", "Folders of ours: online, offline or frozen.", ("kind", "state"))
DISK_FREE = _gauge("disk_free_bytes", "bytes", "Room on the disk of a folder of ours.", ("kind",))
LOG_HORIZON_AGE = _gauge(
    "event_log_horizon_age_seconds", "seconds", "Age of the oldest transaction that holds readers."
)


def exposition() -> bytes:
    """Return all present values in the Prometheus text format."""
    return prometheus.generate_latest(REGISTRY)


def render_docs() -> str:
    """Return docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "Generated from `libs/shared/metrics.py`. Every service serves `/metrics`.",
        "",
        "| name | type | labels | unit | meaning |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in sorted(_rows)),
    ]
    return "\n".join(lines) + "\n"
