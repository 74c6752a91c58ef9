"""The brake of guarantee G7: much change at once may be a wrong view of the disk, or a wrong wish.

Pure. Who compares a root with the ledger, or gives its photos other dates, asks here before
reacting, and freezes the root when told.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of a root has changed, or would change, of what the ledger knows of it, in files.

    `redated` would get another date, or another folder by their date.
    """

    known: int
    vanished: int = 0
    changed: int = 0
    redated: int = 0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The brake needs both: a share of the known files (0-1) and a number of them."""

    share: float = 0.2
    minimum: int = 20


USUAL: Final = Thresholds()


def reason_to_freeze(counts: Counts, thresholds: Thresholds) -> str | None:
    """Why the root has to be frozen; None if so much change is nothing unusual."""
    affected = counts.vanished + counts.changed + counts.redated
    if affected < thresholds.minimum or affected < thresholds.share * counts.known:
        return None
    found = {
        "vanished": counts.vanished,
        "changed": counts.changed,
        "would get another date": counts.redated,
    }
    (first, number), *more = [(what, number) for what, number in found.items() if number]
    others = "".join(f", {number} {what}" for what, number in more)
    return f"{number} of {counts.known} known files {first}{others}"
