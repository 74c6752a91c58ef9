"""What a person writes is understood, or refused in one sentence."""

import datetime
import re

import pytest

from librarian.redating import camera_clock, criteria
from shared.errors import UserError


def test_values_have_the_form_of_their_key() -> None:
    found = criteria.parse(
        [
            "camera=Canon  EOS*",
            "conflict=yes",
            "from=2019-07-14",
            "to=2019-07-15",
            "path=20_9/*.jp?",
        ]
    )

    assert found["camera"] == ["canon eos%"]
    assert found["conflict"] == [True]
    assert found["from"] == [datetime.datetime.fromisoformat("2019-07-14")]
    assert found["to"] == [datetime.datetime.fromisoformat("2019-07-15T23:59:59.999999")]
    assert found["path"] == ["20\\_9/%.jp_"]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2019", "2019-01-01", "2019-12-31T23:59:59.999999"),
        ("2020-02", "2020-02-01", "2020-02-29T23:59:59.999999"),
        ("2019-12-31", "2019-12-31", "2019-12-31T23:59:59.999999"),
        ("2019-07-14T10:00", "2019-07-14T10:00:00", "2019-07-14T10:00:00"),
    ],
)
def test_a_range_holds_whole_days_months_and_years(text: str, start: str, end: str) -> None:
    assert criteria.moment(text) == datetime.datetime.fromisoformat(start)
    assert criteria.moment(text, is_end=True) == datetime.datetime.fromisoformat(end)


def test_values_of_one_key_are_alternatives() -> None:
    assert criteria.parse(["confidence=low", "confidence=none"]) == {"confidence": ["low", "none"]}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("colour=red", "no criterion"),
        ("camera", "no criterion"),
        ("from=yesterday", "no time"),
        ("from=2019-07-14T10:00+02:00", "names an offset"),
        ("id=7", "no id"),
        ("suspicious=maybe", "suspicious is never"),
        ("confidence=hgh", "confidence is never"),
        ("zone-source=GPS", "zone-source is never"),
        ("to=9999", "no time"),
    ],
)
def test_nonsense_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=re.escape(complaint)):
        criteria.parse([text])
    with pytest.raises(UserError, match="once"):
        criteria.parse(["to=2019-01-01", "to=2020-01-01"])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+1:02:03", 3723),
        ("-1:02", -3720),
        ("+365d", 365 * 86400),
        ("-1d0:30:00", -(86400 + 1800)),
        ("+120:00:00", 432_000),
    ],
)
def test_shifts_are_read_and_written_alike(text: str, seconds: int) -> None:
    shift = camera_clock.shift_of(text)

    assert shift.total_seconds() == seconds
    assert camera_clock.shift_of(camera_clock.words(shift)) == shift


@pytest.mark.parametrize("text", ["1:02:03", "+", "+1:60", "+1h", "", "+99999999999d"])
def test_what_is_no_shift_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        camera_clock.shift_of(text)
