import pytest

from shared import colours


@pytest.mark.parametrize(
    ("interval_s", "age_s", "colour"),
    [
        (30, 0, "green"),
        (30, 60.9, "green"),
        (30, 61, "yellow"),
        (30, 180, "yellow"),
        (30, 181, "red"),
        (60, 121, "yellow"),
        (120, 120, "green"),
        (120, 121, "yellow"),
        (120, 240, "yellow"),
        (120, 241, "red"),
        (300, 109, "green"),
        (300, 300, "green"),
        (300, 301, "yellow"),
        (300, 600, "yellow"),
        (300, 601, "red"),
    ],
)
def test_the_colour_follows_the_age_in_whole_seconds(
    interval_s: int, age_s: float, colour: str
) -> None:
    assert colours.of_age(age_s, interval_s) == colour


@pytest.mark.parametrize(
    ("age_s", "status", "colour"),
    [
        (1, "OK", "green"),
        (1, "WARNING", "yellow"),
        (1, "ERROR", "red"),
        (200, "WARNING", "red"),
        (100, "OK", "yellow"),
        (None, "OK", "red"),
    ],
)
def test_the_worst_of_age_and_status_is_shown(
    age_s: float | None, status: str, colour: str
) -> None:
    assert colours.of_service(age_s, status) == colour
