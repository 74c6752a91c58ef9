"""Numbers and facts in words, for the page and the terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from dashboard.receipts import Receipt

RESTORED: Final = "restored from the disk, the earlier history is lost;"


def taken(found: Receipt) -> str:
    """Return the capture time in words, with its source and confidence."""
    if found.captured_local is None:
        return "unknown (filed by the day it arrived)"
    zone = offset(found.utc_offset_minutes)
    text = f"{found.captured_local:%Y-%m-%d %H:%M:%S}{zone}"
    doubts = [
        word
        for word, is_so in (("conflict", found.conflict), ("suspicious", found.suspicious))
        if is_so
    ]
    words = ", ".join([f"confidence {found.date_confidence}", *doubts])
    return f"{text} by {found.captured_at_source} ({words})"


def offset(minutes: int | None) -> str:
    """Return an offset as +02:00; nothing when it is not known."""
    if minutes is None:
        return ""
    hours, rest = divmod(abs(minutes), 60)
    return f" {'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def removed(at: datetime) -> str:
    """Return when a person let go of a photo, in words."""
    return f"removed from the library on {at:%Y-%m-%d}; copies stay, a new arrival is filed again"


def history(found: Receipt) -> list[tuple[datetime, str, str]]:
    """Return (when, what, detail) of everything that happened to a photo, in the order of time."""
    rows = [
        (each.first_seen_at, "met", f"{each.path} -> {each.outcome or 'open'} {each.reason or ''}")
        for each in found.occurrences
    ]
    rows += [(each.time, each.topic, summary(each.data)) for each in found.events]
    rows += [
        (each.updated_at, f"stage {each.stage}", f"{each.state} {each.error or ''}")
        for each in found.stages
    ]
    rows += [
        (each.verified_at, f"copy on {each.target}", f"{each.path} {each.state}")
        for each in found.copies
        if each.verified_at
    ]
    return sorted((when, what, detail.strip()) for when, what, detail in rows)


def counted(number: int, what: str) -> str:
    """Return "1 file", "2 files"."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def summary(data: dict[str, object]) -> str:
    """Return the simple values of an event on one line, and that a history begins anew."""
    simple = {
        key: value
        for key, value in data.items()
        if value is not None and not isinstance(value, dict | list)
    }
    restored = [RESTORED] if simple.pop("is_restored", False) else []
    return " ".join([*restored, *(f"{k}={v}" for k, v in simple.items() if k != "asset_id")])


def size(count: int | None) -> str:
    """Return bytes in the largest fitting unit (powers of 1000)."""
    if count is None:
        return "?"
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
