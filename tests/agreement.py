"""How far reader and dating rules agree with an independent reader's word on the samples."""

import datetime
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from librarian import reader_child
from librarian.domain import capture
from librarian.domain.facts import Facts
from samples import Samples

ARRIVED = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
RULES = capture.DateRules(default_zone="UTC", now=ARRIVED)
CLOSE_DEG = 1e-5  # about a metre
Read = Callable[[int, str], Facts]


@dataclass(frozen=True, slots=True)
class Difference:
    """One value on which reference and product differ."""

    path: str
    what: str  # local, instant, offset, position
    reference: object
    ours: object
    rejected_as: str | None  # the reason where the rules refuse the reference's date on purpose


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many values were compared, by kind, and those that differ."""

    compared: dict[str, int]
    differences: list[Difference]

    def share(self, what: str) -> float:
        """Agreeing values of a kind, 0 to 1; refused dates count neither way."""
        differing = [one for one in self.differences if one.what == what]
        refused = sum(one.rejected_as is not None for one in differing)
        total = self.compared.get(what, 0) - refused
        return 1 - (len(differing) - refused) / total if total else 1.0


def read_here(fd: int, name: str) -> Facts:
    """Facts without a child process."""
    return reader_child.facts_of(fd)


def measure(samples: Samples, read: Read = read_here) -> Agreement:
    """Every picture and video of the samples, read and dated."""
    agreement = Agreement({}, [])
    for record in samples.truth:
        fd = os.open(samples.folder / record["path"], os.O_RDONLY)
        try:
            facts = read(fd, record["path"])
        finally:
            os.close(fd)
        if facts.media_type != "unknown":
            _compare(agreement, record, facts)
    return agreement


def _compare(agreement: Agreement, record: dict[str, Any], facts: Facts) -> None:
    best, path = record["best_datetime"], record["path"]
    if best is not None:
        evidence = capture.Evidence(
            facts.tags, path, ARRIVED, ARRIVED, facts.latitude_deg, facts.longitude_deg
        )
        _compare_date(agreement, record, capture.decide(evidence, RULES))
    place = record["gps"]
    usable = place if place and not place.get("null_island") else None
    stated = any("GPS" in name for name in facts.tags)
    if place is not None or not stated:  # XMP holds positions that the reference leaves out
        ours = (facts.latitude_deg, facts.longitude_deg)
        theirs = (usable["lat"], usable["lon"]) if usable else (None, None)
        _note(agreement, path, "position", theirs, ours, is_equal=_is_near(theirs, ours))


def _compare_date(agreement: Agreement, record: dict[str, Any], ours: capture.Capture) -> None:
    best, path = record["best_datetime"], record["path"]
    reason = next(
        (c.reason for c in ours.candidates if c.reason and c.raw.startswith(best["value"][:19])),
        None,
    )
    if best["quality"] in {"gps-utc", "container-utc"}:
        instant = ours.captured_at and ours.captured_at.replace(microsecond=0)
        theirs = datetime.datetime.fromisoformat(best["utc"]).replace(microsecond=0)
        _note(agreement, path, "instant", theirs, instant, reason=reason)
        return
    local = ours.captured_local and ours.captured_local.replace(microsecond=0)
    theirs = datetime.datetime.fromisoformat(best["local"]).replace(microsecond=0)
    _note(agreement, path, "local", theirs, local, reason=reason)
    if best["offset"] is not None:
        minutes = ours.utc_offset_minutes if ours.offset_source == "tag" else None
        _note(agreement, path, "offset", _minutes(best["offset"]), minutes, reason=reason)


def _note(
    agreement: Agreement,
    path: str,
    what: str,
    reference: object,
    ours: object,
    *,
    is_equal: bool | None = None,
    reason: str | None = None,
) -> None:
    agreement.compared[what] = agreement.compared.get(what, 0) + 1
    if not (reference == ours if is_equal is None else is_equal):
        agreement.differences.append(Difference(path, what, reference, ours, reason))


def _is_near(one: tuple[float | None, ...], other: tuple[float | None, ...]) -> bool:
    return all(
        a is b if a is None or b is None else abs(a - b) < CLOSE_DEG
        for a, b in zip(one, other, strict=True)
    )


def _minutes(offset: str) -> int:
    if offset == "Z":
        return 0
    hours, minutes = offset[1:].split(":")
    return (-1 if offset[0] == "-" else 1) * (int(hours) * 60 + int(minutes))
