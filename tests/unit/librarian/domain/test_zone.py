import datetime

import pytest

from librarian.domain import zone


def clock(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def berlin() -> zone.Zone:
    found = zone.named("Europe/Berlin", "default")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("wall", "minutes"),
    [
        ("2019-07-14T10:00:00", 120),
        ("2019-01-14T10:00:00", 60),
        ("2019-03-31T02:30:00", 60),  # skipped: the offset before it
        ("2019-10-27T02:30:00", 120),  # repeated: the first one
    ],
)
def test_a_wall_clock_has_the_offset_of_its_season(wall: str, minutes: int) -> None:
    assert berlin().minutes_at_wall_clock(clock(wall)) == minutes


def test_both_passes_of_a_repeated_hour_are_told_apart_by_utc() -> None:
    assert berlin().minutes_at_utc(clock("2019-10-27T00:30:00")) == 120
    assert berlin().minutes_at_utc(clock("2019-10-27T01:30:00")) == 60


@pytest.mark.parametrize(
    ("latitude_deg", "longitude_deg", "minutes"),
    [(35.68, 139.76, 540), (27.7, 85.3, 345), (-33.86, 151.21, 600), (0.0, -30.0, -120)],
)
def test_a_position_has_a_zone_also_at_sea(
    latitude_deg: float, longitude_deg: float, minutes: int
) -> None:
    found = zone.at_position(latitude_deg, longitude_deg)

    assert found is not None
    assert found.source == "gps"
    assert found.minutes_at_wall_clock(clock("2019-07-14T10:00:00")) == minutes


@pytest.mark.parametrize("name", [None, "", "Nowhere/Atlantis", "../etc/passwd", "Europe"])
def test_an_unknown_name_is_no_zone(name: str | None) -> None:
    assert zone.named(name, "default") is None


@pytest.mark.parametrize(
    ("wall", "minutes"),
    [
        ("2019-07-14T14:00:00", 120),
        ("2019-07-14T13:57:00", 120),
        ("2019-07-14T17:45:10", 345),
        ("2019-07-14T02:30:00", -570),
        ("2019-07-14T13:37:00", None),
        ("2019-07-15T04:00:00", None),
    ],
)
def test_two_clocks_give_the_real_offset_next_to_their_difference(
    wall: str, minutes: int | None
) -> None:
    found = zone.between(clock(wall), clock("2019-07-14T12:00:00"))

    assert (found and found.fixed_minutes) == minutes
