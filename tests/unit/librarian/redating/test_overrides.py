"""What a person says of a camera's clock changes what that clock decided, and nothing else."""

import datetime
import uuid

import pytest

from librarian.domain import capture, zone
from librarian.domain.capture import Capture, DateRules, Evidence
from librarian.domain.facts import JSON
from librarian.redating import overrides
from librarian.redating.overrides import ClockFix

ARRIVED = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


def taken(name: str = "a.jpg", **tags: JSON) -> Capture:
    """The decision over tags (underscore for colon) in a household in Vienna."""
    evidence = Evidence({k.replace("_", ":"): v for k, v in tags.items()}, name, None, ARRIVED)
    return capture.decide(evidence, DateRules("Europe/Vienna", ARRIVED))


def shown(decision: Capture) -> tuple[str, int | None, str]:
    assert decision.captured_local
    assert decision.captured_at
    wall, instant = decision.captured_local, decision.captured_at
    return f"{wall:%d %H:%M} {instant:%d %H:%MZ}", decision.utc_offset_minutes, decision.source


BY_CAMERA = {"EXIF_DateTimeOriginal": "2019:07:14 10:00:00"}


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        (ClockFix(), ("14 10:00 14 08:00Z", 120, "manual")),
        (ClockFix(-HOUR), ("14 09:00 14 07:00Z", 120, "manual")),
        (ClockFix(24 * HOUR), ("15 10:00 15 08:00Z", 120, "manual")),
        (ClockFix(zone_name="Asia/Tokyo"), ("14 10:00 14 01:00Z", 540, "manual")),
        (
            ClockFix(zone_name="Asia/Tokyo", keeps=overrides.INSTANT),
            ("14 17:00 14 08:00Z", 540, "manual"),
        ),
        (ClockFix(HOUR, "Asia/Tokyo"), ("14 11:00 14 02:00Z", 540, "manual")),
    ],
)
def test_a_fix_shifts_the_camera_and_names_its_zone(
    fix: ClockFix, expected: tuple[str, int | None, str]
) -> None:
    assert shown(fix.apply(taken(**BY_CAMERA))) == expected


def test_a_shift_into_winter_has_the_offset_of_winter() -> None:
    vienna = zone.named("Europe/Vienna", "default")

    shifted = ClockFix(datetime.timedelta(days=180)).apply(taken(**BY_CAMERA), vienna)

    assert shown(shifted) == ("10 10:00 10 09:00Z", 60, "manual")
    assert shifted.offset_source == "default"


def test_a_clock_in_utc_keeps_its_instant() -> None:
    video = taken(QuickTime_CreateDate="2019-07-14T22:30:00Z")

    assert shown(ClockFix(zone_name="Asia/Tokyo").apply(video))[0] == "15 07:30 14 22:30Z"


def test_a_date_of_another_clock_stays() -> None:
    by_name = taken("IMG_20190714_100000.jpg")

    assert ClockFix(HOUR).apply(by_name) is by_name
    assert ClockFix(HOUR).apply(taken()) == taken()


def test_a_day_without_a_time_moves_by_days_alone() -> None:
    day = taken(IPTC_DateCreated="20190714")

    assert shown(ClockFix(HOUR).apply(day))[0].startswith("14 23:59")
    assert shown(ClockFix(25 * HOUR).apply(day))[0].startswith("15 23:59")


def test_a_shift_out_of_the_calendar_changes_nothing() -> None:
    photo = taken(**BY_CAMERA)

    assert ClockFix(datetime.timedelta(days=4_000_000)).apply(photo) is photo


def test_fixes_add_up_and_survive_storage() -> None:
    first = ClockFix(HOUR, "Europe/Rome")
    both = ClockFix(HOUR).after(first)
    job_id = uuid.uuid4()

    assert both == ClockFix(2 * HOUR, "Europe/Rome")
    assert ClockFix(zone_name="Asia/Tokyo").after(first) == ClockFix(HOUR, "Asia/Tokyo")
    assert overrides.clock_fix_of(both.to_json(job_id)) == both
    assert not overrides.is_set_by_person(both.to_json(job_id))
    assert overrides.is_set_by_person({"kind": "manual"})
    assert overrides.clock_fix_of({"kind": "manual"}) is None
