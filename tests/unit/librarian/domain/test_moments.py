import datetime
from typing import Any

import pytest

from librarian.domain import moments
from librarian.domain.moments import Moment

NOON = datetime.datetime.fromisoformat("2019-07-14T12:00:00")
HOUR = datetime.timedelta(hours=1)
WITHIN = datetime.timedelta(seconds=6)


def candidate(raw: str = "2019:07:14 12:00:00", **values: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    return {
        "raw": raw,
        "weight": 10,
        "clock": "camera",
        "value": "2019-07-14T12:00:00.750000",
        "precision": "second",
        "offset_minutes": None,
        "is_utc": False,
        "verdict": "differs",
    } | values


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        ([candidate()], Moment(NOON, None, 10)),
        ([candidate(offset_minutes=120)], Moment(NOON, NOON - 2 * HOUR, 10)),
        ([candidate("2019-07-14T10:00:00Z", is_utc=True)], Moment(None, NOON - 2 * HOUR, 10)),
        ([candidate("2019-07-14T12:00:00+0200", is_utc=True)], Moment(None, NOON - 2 * HOUR, 10)),
        ([candidate(weight=6), candidate(weight=7, is_utc=True)], Moment(None, NOON, 7)),
        ([candidate(weight=5)], None),
        ([candidate(clock="companion")], None),
        ([candidate(clock="name")], None),
        ([candidate(clock="file")], None),
        ([candidate(precision="day")], None),
        ([candidate(value=None, precision=None, verdict="rejected")], None),
        ([], None),
    ],
)
def test_a_file_states_the_heaviest_moment_of_its_own(
    candidates: list[dict[str, Any]], expected: Moment | None
) -> None:
    assert Moment.stated(candidates) == expected


def wall(seconds: float = 0, offset_h: float | None = None) -> Moment:
    clock = NOON + datetime.timedelta(seconds=seconds)
    return Moment(clock, None if offset_h is None else clock - offset_h * HOUR, 10)


def utc(hours: float, seconds: float = 0) -> Moment:
    return Moment(None, NOON - hours * HOUR + datetime.timedelta(seconds=seconds), 7)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (wall(), wall(6), True),
        (wall(), wall(7), False),
        (wall(), wall(3600), False),
        (wall(offset_h=2), utc(2, seconds=-3), True),
        (wall(offset_h=2), utc(1), False),
        (wall(offset_h=2), wall(-6 * 3600, offset_h=-4), True),
        (wall(offset_h=2), wall(1), True),
        (wall(), utc(2, seconds=3), True),
        (wall(), utc(5.75), True),
        (wall(), utc(5.25), False),
        (wall(), utc(2, seconds=60), False),
        (wall(), utc(15), False),
        (utc(2), utc(2, seconds=2), True),
        (utc(2), utc(3), False),
    ],
)
def test_clocks_agree_unless_no_zone_lies_between_them(
    one: Moment, other: Moment, *, expected: bool
) -> None:
    assert moments.agree(one, other, WITHIN) is expected
    assert moments.agree(other, one, WITHIN) is expected
