"""GPS time beside the camera's own tells how wrong the camera was."""

import datetime

from librarian.domain import capture
from librarian.domain.capture import Capture, DateRules, Evidence
from librarian.redating import suggesting
from librarian.redating.overrides import ClockFix
from librarian.redating.suggesting import Suggestion

ARRIVED = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
BEHIND = datetime.timedelta(hours=1, minutes=2, seconds=3)


def photo(gps_clock: str | None) -> Capture:
    """A photo of Vienna, 10:00 by its camera."""
    tags: dict[str, object] = {"EXIF:DateTimeOriginal": "2019:07:14 10:00:00"}
    if gps_clock:
        hours, minutes, seconds = (float(part) for part in gps_clock.split(":"))
        tags |= {"EXIF:GPSDateStamp": "2019:07:14", "EXIF:GPSTimeStamp": [hours, minutes, seconds]}
    evidence = Evidence(tags, "a.jpg", None, ARRIVED, 48.2, 16.37)  # type: ignore[arg-type]
    return capture.decide(evidence, DateRules("Europe/Vienna", ARRIVED))


def test_the_middle_difference_is_suggested() -> None:
    photos = [photo("9:02:03"), photo("9:02:05"), photo("9:01:59"), photo("12:00:00"), photo(None)]

    found = suggesting.suggest(photos)

    assert found == Suggestion(BEHIND + datetime.timedelta(seconds=1), 3, 4)


def test_a_fix_that_was_made_counts() -> None:
    fixed = ClockFix(BEHIND).apply(photo("9:02:03"))

    assert suggesting.suggest([fixed]) == Suggestion(datetime.timedelta(), 1, 1)


def test_without_gps_time_nothing_is_suggested() -> None:
    assert suggesting.suggest([photo(None)]) is None
