"""The gazetteer as it is built from the real package, and the handler on a real ledger."""

import csv
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

import assets
from geocoder import places
from geocoder.handlers import Handler
from shared import models
from shared.database import Database

NOW = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def gazetteer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[places.Gazetteer]:
    opened = places.Gazetteer(places.prepared(tmp_path_factory.mktemp("places")))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("latitude_deg", "longitude_deg", "country", "city"),
    [
        (48.8584, 2.2945, "FR", "Paris"),
        (-33.8568, 151.2153, "AU", "Sydney"),
        (40.6892, -74.0445, "US", None),
        (21.03, 105.85, "VN", "Hanoi"),
        (42.66, 21.16, "XK", "Pristina"),
        (-16.78, -179.99, "FJ", None),
        (0.0, -30.0, None, None),
        (90.0, 0.0, None, None),
    ],
)
def test_positions_have_their_country_and_city(
    gazetteer: places.Gazetteer,
    latitude_deg: float,
    longitude_deg: float,
    country: str | None,
    city: str | None,
) -> None:
    found, _ = gazetteer.place_at(latitude_deg, longitude_deg)

    assert found.country_code == country
    if city:
        assert found.city == city


def test_hard_positions_of_the_sample_have_their_country(gazetteer: places.Gazetteer) -> None:
    sample = os.environ.get("PHOTOFACTORY_GEO_SAMPLE")  # noqa: TID251  tests may
    if not sample:
        pytest.skip("PHOTOFACTORY_GEO_SAMPLE names no file of positions")
    rows = list(csv.DictReader(Path(sample).read_text("utf-8").splitlines()))

    wrong = [
        (row["id"], row["country"], found.country_code)
        for row in rows
        for found in [gazetteer.place_at(float(row["lat"]), float(row["lon"]))[0]]
        if (found.country_code or "") != row["country"]
    ]

    assert len(wrong) <= len(rows) // 100, wrong


def test_a_later_position_gives_a_new_place(
    database: Database, gazetteer: places.Gazetteer
) -> None:
    handler = Handler(gazetteer)
    with database.transaction() as session:
        asset_id = assets.add(session, location={"lat": 48.8584, "lon": 2.2945})
        assets.add(session)

    def geocode() -> None:
        with database.transaction() as session:
            todo = handler.load(session, [asset_id])
            results = {key: handler.work(item) for key, item in todo.items()}
            handler.record(session, results, now=NOW)

    geocode()
    with database.transaction() as session:
        session.add(
            models.AssetLocation(
                asset_id=asset_id, latitude=47.07, longitude=15.44, source="manual"
            )
        )
    geocode()

    with database.read() as session:
        place = session.get_one(models.AssetPlace, asset_id)
        events = session.scalar(
            sa.select(sa.func.count()).where(models.EventLog.topic == "media.asset.geocoded")
        )
    assert (place.country, place.city) == ("Austria", "Graz")
    assert events == 1  # done at this version: the second run changed the place, not the stage
