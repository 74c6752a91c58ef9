"""Which place a position is at: pure choices between what the gazetteer offers."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Final

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius (IUGG)."""

RADIUS_PER_ROOT_M: Final = 4.5
"""Built-up radius of a place: this times the root of its population (Paris: 6.5 km)."""

FAR_FROM_HOME_M: Final = 50_000.0
"""So far from any place of the zone's own country, a sharing country's nearer place decides."""

FARTHEST_M: Final = 380_000.0
"""A place farther away says nothing about a photo."""


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A populated place of the gazetteer."""

    name: str
    country_code: str
    region: str | None
    latitude_deg: float
    longitude_deg: float
    population: int


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """What a position is called; ``city`` is None at sea and in the wilderness."""

    country_code: str | None
    region: str | None = None
    city: str | None = None
    distance_m: float | None = None


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return the great-circle distance in metres (haversine); arguments in degrees."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    a = (
        math.sin((phi2 - phi1) / 2) ** 2
        + math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, a)))


def choose(
    latitude_deg: float,
    longitude_deg: float,
    candidates: Sequence[Candidate],
    countries: Sequence[str],
) -> Place:
    """Return the place of a position; ``countries`` share its time zone, its own one first.

    Within the built-up radius of a town the position belongs to that town; elsewhere to the town
    whose edge is nearest. Only towns of the same country count. The zone decides the country, but
    for two cases: Asia/Bangkok reaches Hanoi, so that among countries that share a zone the nearer
    place wins where the zone's own country is far; and Kosovo has no zone but that of Belgrade.
    """
    measured = sorted(
        (distance_m(latitude_deg, longitude_deg, each.latitude_deg, each.longitude_deg), index)
        for index, each in enumerate(candidates)
    )
    near = [(metres, candidates[index]) for metres, index in measured if metres <= FARTHEST_M]
    if not countries:
        return Place(None)
    country = country_of(near, countries)
    own = [(metres, each) for metres, each in near if each.country_code == country]
    if not own:
        return Place(country)
    metres, city = min(own, key=lambda each: (edge_m(*each), -each[1].population, each[0]))
    return Place(country, city.region, city.name, round(metres, 1))


def country_of(near: Sequence[tuple[float, Candidate]], countries: Sequence[str]) -> str:
    """Return the country, given places by distance and the countries of the time zone."""
    home = countries[0]
    if not near:
        return home
    nearest = near[0][1]
    if home == "RS" and nearest.country_code == "XK":
        return "XK"
    own_m = next((metres for metres, each in near if each.country_code == home), math.inf)
    return (
        nearest.country_code
        if own_m > FAR_FROM_HOME_M and nearest.country_code in countries
        else home
    )


def edge_m(metres: float, candidate: Candidate) -> float:
    """Return the distance to the edge of a place; 0 inside."""
    return max(0.0, metres - RADIUS_PER_ROOT_M * math.sqrt(candidate.population))


def zone_countries(zone_tab: str, zone1970_tab: str) -> Mapping[str, Sequence[str]]:
    """Return time zone -> ISO 3166 codes, the zone's own country first.

    ``zone.tab`` of tzdb names one country a zone, ``zone1970.tab`` all that share it.
    """
    own = {zone: codes[0] for zone, codes in table(zone_tab)}
    shared = dict(table(zone1970_tab))
    return {zone: [code, *shared.get(zone, ())] for zone, code in own.items()}


def table(text: str) -> list[tuple[str, Sequence[str]]]:
    """Return (zone, countries) of each row of one of tzdb's tables."""
    rows = (line.split("\t") for line in text.splitlines() if line and line[0] != "#")
    return [(row[2].strip(), row[0].split(",")) for row in rows if len(row) > 2]
