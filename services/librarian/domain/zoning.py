"""Which zone the candidates of one file are read in."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence
from typing import Final

from librarian.domain import zone
from librarian.domain.candidates import Candidate, Clock, Verdict
from librarian.domain.plausibility import AGREEMENT
from librarian.domain.zone import Zone

# Whose UTC is trusted to derive an offset from, the most exact first.
_DONORS: Final = (Clock.GPS, Clock.CAMERA, Clock.NAME)


def choose(
    usable: Sequence[Candidate], likely: Candidate, of_position: Zone | None, default: Zone
) -> tuple[Zone, Candidate | None]:
    """The zone, and the candidate it was derived from if two clocks had to be compared.

    It is that of the likely moment. Order: the offset stated with it, or by the camera for it, the
    position, an offset stated elsewhere for it, local time against UTC, the default zone. The
    position stands above XMP and IPTC, for editors write the zone of their own machine there.
    """
    if not likely.is_timed or likely.clock is Clock.FILE:
        return of_position or default, None
    timed = [c for c in usable if c.is_timed and c.clock is not Clock.FILE]
    timed.sort(key=lambda candidate: -candidate.weight)
    by_camera = [likely, *filter(_is_by_camera, timed)]
    known = _stated(by_camera, likely) or of_position or _stated(timed, likely)
    if known is not None:
        return known, None
    return _derived(timed, likely) or (default, None)


def placed(candidate: Candidate, chosen: Zone, donor: Candidate | None = None) -> Candidate:
    """The candidate with its wall clock in the chosen zone; who repeats the donor is one too."""
    stamp = candidate.reading
    wall = chosen.wall_clock(stamp.clock) if stamp.is_utc and candidate.is_timed else stamp.clock
    gives_offset = donor is not None and _repeats(candidate, donor)
    verdict = Verdict.GIVES_OFFSET if gives_offset else Verdict.DIFFERS
    return dataclasses.replace(candidate, wall_clock=wall, verdict=verdict)


def _repeats(candidate: Candidate, donor: Candidate) -> bool:
    is_of_kind = (candidate.clock, candidate.reading.is_utc) == (donor.clock, donor.reading.is_utc)
    return is_of_kind and candidate.is_timed and _shows(candidate, [donor.reading.clock])


def with_true_clocks(usable: Sequence[Candidate]) -> list[Candidate]:
    """The candidates; where a container and another source show one clock, both are of one kind.

    Older cameras write local time where a container asks for UTC, as names and the cameras' own
    tags tell; programs copy a container's UTC into XMP without saying so.
    """
    local_clocks = [c.reading.clock for c in usable if _is_local_time(c) and not _is_xmp(c)]
    corrected = [
        _as_kind(c, is_utc=False) if _is_container(c) and _shows(c, local_clocks) else c
        for c in usable
    ]
    utc_clocks = [c.reading.clock for c in corrected if _is_container(c)]
    return [
        _as_kind(c, is_utc=True) if _is_bare_xmp(c) and _shows(c, utc_clocks) else c
        for c in corrected
    ]


def _is_container(candidate: Candidate) -> bool:
    return candidate.reading.is_utc and candidate.clock is Clock.CAMERA


def _is_by_camera(candidate: Candidate) -> bool:
    return candidate.clock is Clock.CAMERA and not candidate.source.startswith(("XMP:", "IPTC:"))


def _is_xmp(candidate: Candidate) -> bool:
    return "XMP:" in candidate.source


def _is_bare_xmp(candidate: Candidate) -> bool:
    has_no_offset = candidate.is_timed and candidate.reading.offset_minutes is None
    return _is_xmp(candidate) and has_no_offset


def _shows(candidate: Candidate, clocks: Iterable[datetime.datetime]) -> bool:
    return any(abs(candidate.reading.clock - clock) <= AGREEMENT for clock in clocks)


def _as_kind(candidate: Candidate, *, is_utc: bool) -> Candidate:
    stamp = dataclasses.replace(candidate.reading, is_utc=is_utc)
    return dataclasses.replace(candidate, stamp=stamp)


def _stated(timed: Iterable[Candidate], likely: Candidate) -> Zone | None:
    for candidate in timed:
        offset_minutes = candidate.reading.offset_minutes
        if offset_minutes is not None and _same_moment(candidate, offset_minutes, likely):
            return Zone("tag", offset_minutes)
    return None


def _same_moment(candidate: Candidate, offset_minutes: int, likely: Candidate) -> bool:
    clock = candidate.reading.clock
    if likely.reading.is_utc:
        clock -= datetime.timedelta(minutes=offset_minutes)
    return abs(clock - likely.reading.clock) <= AGREEMENT


def _derived(timed: Sequence[Candidate], likely: Candidate) -> tuple[Zone, Candidate] | None:
    """The zone between the likely moment and the first clock of the other kind that fits."""
    if likely.reading.is_utc:
        pairs = [(local, likely, local) for local in timed if _is_local_time(local)]
    else:
        donors = [c for c in timed if c.reading.is_utc and c.clock in _DONORS]
        donors.sort(key=lambda candidate: _DONORS.index(candidate.clock))
        pairs = [(likely, utc, utc) for utc in donors]
    for local, utc, donor in pairs:
        found = zone.between(local.reading.clock, utc.reading.clock)
        if found is not None:
            return found, donor
    return None


def _is_local_time(candidate: Candidate) -> bool:
    is_credible = candidate.clock is Clock.CAMERA or candidate.is_recognised_name
    return is_credible and candidate.is_timed and not candidate.reading.is_utc
