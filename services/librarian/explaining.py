"""The evidence of a capture time in words that a person understands; pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from librarian.domain import confidence
from librarian.domain.capture import Capture
from librarian.redating import camera_clock, overrides
from librarian.redating.decisions import Decision

_REJECTED: Final = MappingProxyType(
    {
        "blank": "nothing is written there",
        "zero": "all zeros: the clock was never set",
        "not_a_date": "it is no date",
        "not_in_calendar": "there is no such day or time",
        "in_the_future": "it lies after the photo's arrival",
        "before_first_year": "it is older than such a photo can be",
        "default_date": "it is the day that clocks start at when they are reset",
    }
)
_VERDICTS: Final = MappingProxyType(
    {
        "selected": "supplies the date",
        "agrees": "says the same",
        "gives_offset": "gives the offset from UTC, by comparison",
        "differs": "says something else and weighs less",
    }
)
_REASONS: Final = MappingProxyType(
    {
        "other_metadata": "conflict: another date in the metadata is of another moment",
        "name_of_another_day": "conflict: the file's name is of another day",
        "name_far_from_metadata": "suspicious: name and metadata are more than 30 days apart",
        "default_date": "suspicious: clocks start at this day when they are reset",
        "before_first_year": "suspicious: older than such a photo can be",
        "no_zone": "no zone is known: the clock is read as UTC",
    }
)
_OFFSETS: Final = MappingProxyType(
    {
        "tag": "stated in the file",
        "gps": "from the zone of the photo's position",
        "utc_delta": "from the difference between local time and UTC in the file",
        "default": "from the household's zone, for the file tells none",
        "manual": "set by a person",
        "none": "not known",
    }
)
_TOGETHER: Final = frozenset(("selected", "agrees"))
_EXACT: Final = frozenset(("day", "second"))


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its evidence; `sentences` say the result.

    `candidates` are as stored, each with `won` (it is of the group that was believed) and
    `in_words`.
    """

    decision: Decision
    candidates: tuple[Mapping[str, Any], ...]
    sentences: tuple[str, ...]
    override: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Everything, for scripts."""
        return {
            "decision": self.decision.to_json(),
            "override": self.override,
            "sentences": list(self.sentences),
            "candidates": [dict(each) for each in self.candidates],
        }


def of_capture(taken: Capture) -> Explanation:
    """The explanation of a decision that was just made."""
    return explain(Decision.of(taken), taken.candidates_json(), taken.reasons, None)


def explain(
    decision: Decision,
    candidates: Iterable[Any],
    reasons: Sequence[str],
    override: Mapping[str, Any] | None,
) -> Explanation:
    """The explanation of a decision as the ledger holds it."""
    told = tuple(
        {**each, "won": each["verdict"] in _TOGETHER, "in_words": _in_words(each)}
        for each in candidates
    )
    agreeing = sum(each["won"] and each["precision"] in _EXACT for each in told)
    sentences = tuple(_sentences(decision, agreeing, reasons, override))
    return Explanation(decision, told, sentences, override)


def _in_words(candidate: Mapping[str, Any]) -> str:
    if candidate["verdict"] == "rejected":
        return f"not believed: {_REJECTED.get(candidate['reason'], candidate['reason'])}"
    words = _VERDICTS[candidate["verdict"]]
    return f"{words} (written in UTC)" if candidate["is_utc"] else words


def _sentences(
    decision: Decision, agreeing: int, reasons: Sequence[str], override: Mapping[str, Any] | None
) -> Iterable[str]:
    if decision.captured_local is None:
        yield "date: unknown; filed by the day it arrived"
    else:
        precision = "" if decision.time_known else " (the day alone is known)"
        source = "a person" if decision.source == "manual" else decision.source
        yield f"date: {decision.captured_local:%Y-%m-%d %H:%M:%S}{precision}, by {source}"
        yield f"offset: {_offset(decision)}: {_OFFSETS[decision.offset_source]}"
    yield f"confidence: {decision.confidence}: {_support(decision, agreeing)}"
    for reason in reasons:
        if reason != overrides.CLOCK_FIX:
            yield _REASONS.get(reason, reason)
    is_doubted = decision.conflict or decision.suspicious
    if confidence.needs_review(decision.confidence, decision.source, is_doubted=is_doubted):
        yield "a person should look at this date before it is trusted"
    if overrides.is_set_by_person(override):
        yield "a person set this date: no rule changes it"
    fix = overrides.clock_fix_of(override)
    if fix is not None:
        yield f"clock-fix: {', '.join(_corrections(fix))}"


def _support(decision: Decision, agreeing: int) -> str:
    """Why the confidence is what it is; `agreeing` sources tell the day at least."""
    if decision.source == "manual":
        return "a person said so"
    together = f"{agreeing} sources agree" if agreeing > 1 else "one source alone"
    match decision.confidence:
        case confidence.HIGH:
            return f"{together}, a strong one among them"
        case confidence.MEDIUM:
            return together + (", but there is a conflict" if decision.conflict else "")
        case confidence.LOW:
            return "the source is weak, or something speaks against it"
        case _:
            return "nothing in the file, its name or beside it is a usable date"


def _corrections(fix: overrides.ClockFix) -> Iterable[str]:
    if fix.shift or not fix.zone_name:
        yield f"a person shifted the camera's clock by {camera_clock.words(fix.shift)}"
    if fix.zone_name:
        is_kept = fix.keeps == overrides.INSTANT
        showed = "while the clock showed another zone" if is_kept else "as the clock showed"
        yield f"a person says it was taken in the zone {fix.zone_name}, {showed}"


def _offset(decision: Decision) -> str:
    hours, minutes = divmod(abs(decision.utc_offset_minutes or 0), 60)
    sign = "-" if (decision.utc_offset_minutes or 0) < 0 else "+"
    return f"{sign}{hours:02}:{minutes:02}"
