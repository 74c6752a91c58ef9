import contextlib
import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.domain import timestamps
from librarian.domain.timestamps import Precision

FORMS = {
    "2019:07:14 10:00:00": ("2019-07-14T10:00:00", None),
    "2019-07-14 10:00:00": ("2019-07-14T10:00:00", None),
    "2019-07-14T10:00:00": ("2019-07-14T10:00:00", None),
    "2019:07:14 10:00:00+02:00": ("2019-07-14T10:00:00", 120),
    "2019:07:14 10:00:00.5-0530": ("2019-07-14T10:00:00.500000", -330),
    "2019-07-14T10:00Z": ("2019-07-14T10:00:00", 0),
    "2019:07:14 10:00:60": ("2019-07-14T10:00:59", None),
    "20190714 100000+0100": ("2019-07-14T10:00:00", 60),
    "2019:04:24 22:24:00+02:00 DST": ("2019-04-24T22:24:00", 120),
    "2019:02:24 22:24:00+01:00 STD": ("2019-02-24T22:24:00", 60),
    "Fri Mar 26 21:19:07 2021": ("2021-03-26T21:19:07", None),
    "Mon, 12 Aug 2013 14:15:34 GMT": ("2013-08-12T14:15:34", 0),
    " 2019:07:14 10:00:00\0": ("2019-07-14T10:00:00", None),
    "2019:07:14 10:00:00\x11": ("2019-07-14T10:00:00", None),
    "2019/07/14 10.00.00": ("2019-07-14T10:00:00", None),
    "2019: 7:14  9: 5: 0": ("2019-07-14T09:05:00", None),
    "2019-7-14 9:05": ("2019-07-14T09:05:00", None),
    "2019:07:14:10:00:00": ("2019-07-14T10:00:00", None),
    "20190714100000": ("2019-07-14T10:00:00", None),
    "2019:07:14 10:00:00 UTC": ("2019-07-14T10:00:00", 0),
    "2019:07:14 10:00:00 +0200": ("2019-07-14T10:00:00", 120),
    "2019:07:14 12:05:00 AM": ("2019-07-14T00:05:00", None),
    "2019:07:14 1:05:00 pm": ("2019-07-14T13:05:00", None),
    "2019:07:14 24:04:20": ("2019-07-14T00:04:20", None),
}


@pytest.mark.parametrize(("text", "expected"), FORMS.items(), ids=FORMS.keys())
def test_every_common_form_is_read(text: str, expected: tuple[str, int | None]) -> None:
    stamp = timestamps.parse(text)

    assert (stamp.clock.isoformat(), stamp.offset_minutes) == expected
    assert stamp.precision is Precision.SECOND


@pytest.mark.parametrize(
    ("text", "precision", "day"),
    [
        ("2024-0115", Precision.DAY, "2024-01-15"),
        ("20140404", Precision.DAY, "2014-04-04"),
        ("2014:04:04", Precision.DAY, "2014-04-04"),
        ("1965-08", Precision.MONTH, "1965-08-01"),
        ("1965", Precision.YEAR, "1965-01-01"),
    ],
)
def test_a_date_without_a_time_sorts_last_in_its_day(
    text: str, precision: Precision, day: str
) -> None:
    stamp = timestamps.parse(text)

    assert stamp.clock.isoformat() == f"{day}T23:59:00"
    assert (stamp.precision, stamp.offset_minutes) == (precision, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "blank"),
        ("    :  :     :  :  ", "blank"),
        ("0000:00:00 00:00:00", "zero"),
        ("1904-01-01T00:00:00Z", "zero"),
        ("2019:02:30 10:00:00", "not_in_calendar"),
        ("2019:07:14 25:00:00", "not_in_calendar"),
        ("yesterday", "not_a_date"),
        ("2019:07:14 10:00:00" + " " * 100_000 + "x", "not_a_date"),
    ],
)
def test_what_is_no_date_says_why(text: str, reason: str) -> None:
    with pytest.raises(timestamps.UnreadableError, match=reason):
        timestamps.parse(text)


@given(st.text(max_size=30) | st.from_regex(r"\A[0-9:T +.Z-]{1,30}\Z"))
def test_any_text_is_a_stamp_or_unreadable(text: str) -> None:
    with contextlib.suppress(timestamps.UnreadableError):
        assert timestamps.parse(text).clock.tzinfo is None


@given(st.datetimes(datetime.datetime.fromisoformat("1000-01-01")), st.integers(-56, 56))
def test_a_written_stamp_is_read_back(clock: datetime.datetime, quarters: int) -> None:
    zone = datetime.timezone(datetime.timedelta(minutes=15 * quarters))

    stamp = timestamps.parse(clock.replace(tzinfo=zone).isoformat())

    assert (stamp.clock, stamp.offset_minutes) == (clock, 15 * quarters)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+02:00", 120),
        ("-0530", -330),
        ("+02", 120),
        ("Z", 0),
        ("UTC", 0),
        ("GMT+2", 120),
        ("0115", None),
        ("+99:00", None),
        ("+02:75", None),
        ("   :  ", None),
    ],
)
def test_offsets_are_read_in_all_their_forms(text: str, minutes: int | None) -> None:
    assert timestamps.parse_offset(text) == minutes


@pytest.mark.parametrize(
    ("digits", "microseconds"),
    [("5", 500_000), ("092", 92_000), (59, 590_000), ("x", 0), (None, 0)],
)
def test_sub_seconds_are_digits_after_a_point(digits: object, microseconds: int) -> None:
    assert timestamps.microseconds(digits) == microseconds
