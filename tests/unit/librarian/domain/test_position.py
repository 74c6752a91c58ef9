import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.domain import position
from librarian.domain.facts import JSON


def exif(latitude: JSON, longitude: JSON, sides: str = "NE", **more: JSON) -> dict[str, JSON]:
    tags: dict[str, JSON] = {"EXIF:GPSLatitude": latitude, "EXIF:GPSLongitude": longitude}
    tags |= {"EXIF:GPSLatitudeRef": sides[:1] or None, "EXIF:GPSLongitudeRef": sides[1:] or None}
    return tags | {f"EXIF:{name}": value for name, value in more.items()}


@pytest.mark.parametrize(
    ("sides", "latitude", "longitude"),
    [("NE", 33.5, 151.25), ("SE", -33.5, 151.25), ("NW", 33.5, -151.25), ("SW", -33.5, -151.25)],
)
def test_the_hemisphere_gives_the_sign(sides: str, latitude: float, longitude: float) -> None:
    found = position.of_tags(exif([33.0, 30.0, 0.0], [151.0, 15.0, 0.0], sides))

    assert found == position.Position(latitude, longitude)


@pytest.mark.parametrize(
    "tags",
    [
        exif([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        exif([None, None, None], [None, None, None]),
        exif([33.0, 30.0, 0.0], [151.0, 15.0, 0.0], ""),
        exif([91.0, 0.0, 0.0], [10.0, 0.0, 0.0]),
        exif([90.0, 0.0, 1.0], [10.0, 0.0, 0.0]),
        exif([10.0, 0.0, 0.0], [180.0, 0.0, 1.0]),
        exif("x", [10.0]),
        exif([], []),
        {"Keys:GPSCoordinates": "+95.0+10.0/"},
        {"Keys:GPSCoordinates": "somewhere"},
        {},
    ],
)
def test_no_fix_no_hemisphere_and_nonsense_are_no_position(tags: dict[str, JSON]) -> None:
    assert position.of_tags(tags) is None


def test_one_coordinate_may_be_zero() -> None:
    assert position.of_tags(exif([0.0], [9.5])) == position.Position(0.0, 9.5)


def test_seconds_without_a_value_count_as_zero() -> None:
    assert position.of_tags(exif([33.0, 30.0, None], [151.0])) == position.Position(33.5, 151.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+27.1281+100.2508+000.000/", (27.1281, 100.2508, 0.0)),
        ("+48.8125+2.4862+000.000/", (48.8125, 2.4862, 0.0)),
        ("-27.5-100.25/", (-27.5, -100.25, None)),
        ("+4030.0-07345.0/", (40.5, -73.75, None)),
        ("+403030-0734530-5.5/", (40 + 30.5 / 60, -(73 + 45.5 / 60), -5.5)),
        ("+48.8125+002.4862+35.1CRSWGS_84/", (48.8125, 2.4862, 35.1)),
    ],
)
def test_iso_6709_is_read_in_all_its_forms(text: str, expected: tuple[float, float, float]) -> None:
    found = position.of_tags({"Keys:GPSCoordinates": text})

    assert found is not None
    assert (found.latitude_deg, found.longitude_deg) == pytest.approx(expected[:2])
    assert found.altitude_m == expected[2]


def test_xmp_is_read_with_minutes_or_seconds() -> None:
    tags: dict[str, JSON] = {"XMP:GPSLatitude": "33,30.6S", "XMP:GPSLongitude": "151,15,36E"}

    found = position.of_tags(tags | {"XMP:GPSAltitude": "17/2", "XMP:GPSAltitudeRef": "1"})

    assert found is not None
    assert (found.latitude_deg, found.longitude_deg) == pytest.approx((-33.51, 151.26))
    assert found.altitude_m == -8.5


@pytest.mark.parametrize(
    ("altitude", "reference", "expected"),
    [(12.5, 0, 12.5), (12.5, 1, -12.5), (12.5, None, 12.5), (None, 0, None)],
)
def test_the_altitude_is_metres_above_the_sea(
    altitude: JSON, reference: JSON, expected: float | None
) -> None:
    found = position.of_tags(exif([10.0], [20.0], GPSAltitude=altitude, GPSAltitudeRef=reference))

    assert found == position.Position(10.0, 20.0, expected)


@given(st.floats(), st.floats(), st.none() | st.floats())
def test_every_position_is_in_range(
    latitude: float, longitude: float, altitude: float | None
) -> None:
    found = position.position(latitude, longitude, altitude)

    if found is not None:
        assert -90 <= found.latitude_deg <= 90
        assert -180 <= found.longitude_deg <= 180
        assert found.altitude_m is None or math.isfinite(found.altitude_m)
