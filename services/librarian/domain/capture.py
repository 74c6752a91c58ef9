"""When a photo was taken: one decision from all evidence, with everything needed to explain it."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Final

from librarian.domain import confidence, facts, gathering, plausibility, selection, zone, zoning
from librarian.domain.candidates import Candidate, Verdict
from librarian.domain.gathering import Evidence
from librarian.domain.plausibility import DateRules
from librarian.domain.zone import Zone

__all__ = ["RULE_VERSION", "Capture", "DateRules", "Evidence", "decide", "filing_clock"]

RULE_VERSION: Final = 2
"""Rises with every change that may date a file differently; stored beside each decision."""


@dataclasses.dataclass(frozen=True, slots=True)
class Capture:
    """The capture time and its evidence.

    `captured_local` is the wall clock (naive): folders, names and timelines use it. `captured_at`
    is the instant, for order across cameras; it equals the wall clock minus `utc_offset_minutes`.
    `offset_source`: tag, gps, utc_delta, default or none (read as UTC). `confidence`: high,
    medium, low or none; without any date all but the candidates is empty.
    """

    captured_local: datetime.datetime | None
    utc_offset_minutes: int | None
    offset_source: str
    captured_at: datetime.datetime | None
    source: str
    confidence: str
    time_known: bool
    conflict: bool
    suspicious: bool
    reasons: tuple[str, ...]
    candidates: tuple[Candidate, ...]

    def candidates_json(self) -> list[facts.JSON]:
        """Every candidate with its verdict, as asset_dates holds them."""
        return [candidate.to_json() for candidate in self.candidates]

    @property
    def needs_review(self) -> bool:
        """Whether a person should look at the date before it is trusted."""
        is_doubted = self.conflict or self.suspicious
        return confidence.needs_review(self.confidence, self.source, is_doubted=is_doubted)


def decide(evidence: Evidence, rules: DateRules) -> Capture:
    """The capture time that the evidence supports best; it never fails on foreign values.

    The rule in its order, a module for each step: who says what, what of it cannot be, in which
    zone it is meant, which moment is supported best, how sure that is.
    """
    said = gathering.gather(evidence, month_first=rules.month_first)
    has_make = gathering.has_camera_make(evidence.tags)
    judged = plausibility.judge(said, rules, has_camera_make=has_make)
    usable, is_revived = plausibility.usable(judged)
    rejected = [candidate for candidate in judged if candidate not in usable]
    if not usable:
        return _undated(rejected)

    usable = zoning.with_true_clocks(usable)
    of_position = zone_of_position(evidence)
    default = zone.named(rules.default_zone, "default") or zone.UNKNOWN
    likely = selection.best(zoning.placed(each, of_position or default) for each in usable)
    chosen, donor = zoning.choose(usable, likely, of_position, default)

    clusters = selection.clusters(zoning.placed(each, chosen, donor) for each in usable)
    cluster = selection.winner(clusters)
    selected = selection.representative(cluster)

    is_doubtful = is_revived or plausibility.is_near_default(selected, rules)
    choice = confidence.Choice(selected, cluster, clusters, chosen, is_doubtful)
    return _captured(choice, rejected)


def filing_clock(
    capture: Capture, arrived_at: datetime.datetime, rules: DateRules
) -> datetime.datetime:
    """The wall clock that names a photo's folder: its own, else the arrival in the default zone."""
    if capture.captured_local is not None:
        return capture.captured_local
    default = zone.named(rules.default_zone, "default") or zone.UNKNOWN
    return default.wall_clock(arrived_at.astimezone(datetime.UTC).replace(tzinfo=None))


def zone_of_position(evidence: Evidence) -> Zone | None:
    """The zone of the first position that the photo or a companion has; None without one."""
    positions = [(evidence.latitude_deg, evidence.longitude_deg)]
    positions += [(c.latitude_deg, c.longitude_deg) for c in evidence.companions]
    zones = (zone.at_position(*position) for position in positions)
    return next((found for found in zones if found is not None), None)


def _captured(choice: confidence.Choice, rejected: list[Candidate]) -> Capture:
    selected, judgement = choice.selected, confidence.judge(choice)
    return Capture(
        captured_local=selected.wall,
        utc_offset_minutes=choice.offset_minutes,
        offset_source=choice.chosen_zone.source,
        captured_at=choice.utc.replace(tzinfo=datetime.UTC),
        source=selected.source,
        confidence=judgement.confidence,
        time_known=selected.is_timed,
        conflict=judgement.conflict,
        suspicious=judgement.suspicious,
        reasons=judgement.reasons,
        candidates=tuple(_with_verdicts(choice) + rejected),
    )


def _with_verdicts(choice: confidence.Choice) -> list[Candidate]:
    judged = []
    for cluster in choice.clusters:
        for member in cluster:
            verdict = member.verdict
            if member is choice.selected:
                verdict = Verdict.SELECTED
            elif cluster is choice.cluster and verdict is not Verdict.GIVES_OFFSET:
                verdict = Verdict.AGREES
            judged.append(dataclasses.replace(member, verdict=verdict))
    return sorted(judged, key=lambda candidate: -candidate.weight)


def _undated(rejected: list[Candidate]) -> Capture:
    return Capture(
        captured_local=None,
        utc_offset_minutes=None,
        offset_source=zone.UNKNOWN.source,
        captured_at=None,
        source="none",
        confidence=confidence.NONE,
        time_known=False,
        conflict=False,
        suspicious=False,
        reasons=(),
        candidates=tuple(rejected),
    )
