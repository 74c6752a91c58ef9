"""Candidates that mean one moment stand together; the best supported moment is taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from librarian.domain.candidates import Candidate, Clock, Verdict
from librarian.domain.plausibility import AGREEMENT
from librarian.domain.timestamps import Precision

Cluster: TypeAlias = list[Candidate]


def clusters(placed: Iterable[Candidate]) -> list[Cluster]:
    """Groups within 30 s of their earliest; a date joins the best supported time of its day.

    So do months and years join what lies in them. Nothing is in two groups.
    """
    found: list[Cluster] = []
    ordered = sorted(placed, key=lambda c: (-c.reading.precision, c.wall, -c.weight))
    for candidate in ordered:
        matching = [cluster for cluster in found if _belongs(candidate, cluster[0])]
        if matching:
            max(matching, key=heaviest).append(candidate)
        else:
            found.append([candidate])
    return found


def best(placed: Iterable[Candidate]) -> Candidate:
    """The candidate that supplies the value."""
    return representative(winner(clusters(placed)))


def winner(found: Sequence[Cluster]) -> Cluster:
    """The group with the heaviest member, then the heavier sum, then the earlier one.

    A date that a person forced by the file's name wins before all. Times of the last write add
    nothing to a sum: they agree with every edit.
    """
    return min(
        found,
        key=lambda cluster: (
            not any(member.is_forced for member in cluster),
            -heaviest(cluster),
            -sum(member.weight for member in cluster if member.clock is not Clock.FILE),
            min(member.wall for member in cluster),
        ),
    )


def representative(cluster: Cluster) -> Candidate:
    """The member that supplies the value: heaviest, then the most precise, then the earliest.

    A date without a time never stands for a group that knows the time.
    """
    return min(
        cluster,
        key=lambda member: (
            -member.reading.precision,
            not member.is_forced,
            -member.weight,
            not member.wall.microsecond,
            member.wall,
        ),
    )


def counted(cluster: Cluster) -> Cluster:
    """The members that support a moment: not the one its offset was derived from, no mere month."""
    return [
        member
        for member in cluster
        if member.verdict is not Verdict.GIVES_OFFSET and member.reading.precision >= Precision.DAY
    ]


def heaviest(cluster: Cluster) -> int:
    """The highest weight in the group."""
    return max(member.weight for member in cluster)


def _belongs(candidate: Candidate, first: Candidate) -> bool:
    mine, theirs = candidate.wall, first.wall
    match candidate.reading.precision:
        case Precision.SECOND:
            return mine - theirs <= AGREEMENT
        case Precision.DAY:
            return mine.date() == theirs.date()
        case Precision.MONTH:
            has_month = first.reading.precision >= Precision.MONTH
            return has_month and (mine.year, mine.month) == (theirs.year, theirs.month)
        case Precision.YEAR:
            return mine.year == theirs.year
