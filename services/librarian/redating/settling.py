"""What an approved change comes to when it is applied; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from librarian.domain import capture, clean
from librarian.domain.capture import Capture
from librarian.redating import decisions
from librarian.redating.decisions import Decision, New, Stored

CHANGED: Final = "changed since the preview"
RULES_CHANGED: Final = "rules or settings changed since the preview"


def settle(
    before: Mapping[str, Any], after: Mapping[str, Any], stored: Stored, default_zone: str | None
) -> New | str | None:
    """The decision to write, or the reason to leave the photo alone, or None: it is so already.

    Only what a person has seen is written: a photo that changed since then is left alone. An undo
    carries the old evidence, everything else is decided here, from the present one.
    Partners that follow their picture are not dated.
    """
    if "decision" not in after:
        return None
    wanted = Decision.from_json(after["decision"])
    present = (stored.decision, stored.override)
    if present == (wanted, after["override"]):
        return None
    if present != (Decision.from_json(before["decision"]), before["override"]):
        return CHANGED
    dates = after.get("dates")
    if dates is None:
        taken = decisions.decide(stored, default_zone, after["override"])
        if Decision.of(taken) != wanted:
            return RULES_CHANGED
        dates = _dates(taken, after["override"])
    return New(stored.asset_id, stored.revision, wanted, dates)


def _dates(taken: Capture, override: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "candidates": clean.value(taken.candidates_json()),
        "time_known": taken.time_known,
        "conflict": taken.conflict,
        "suspicious": taken.suspicious,
        "reasons": list(taken.reasons),
        "rule_version": capture.RULE_VERSION,
        "override": override,
    }
