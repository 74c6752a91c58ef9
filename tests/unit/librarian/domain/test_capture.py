"""How evidence is weighed, beyond the table of worked examples."""

from __future__ import annotations

import datetime
import json
from typing import TypedDict, Unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from librarian.domain import capture, facts, tag_names
from librarian.domain.facts import JSON, CompanionFacts

NOW = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
DTO = "EXIF:DateTimeOriginal"
CREATE = "EXIF:CreateDate"
MODIFY = "EXIF:ModifyDate"
QUICKTIME = "QuickTime:CreateDate"


class More(TypedDict, total=False):
    path: str
    mtime: str
    position: tuple[float, float]
    companions: list[CompanionFacts]
    zone: str | None


def decide(tags: dict[str, JSON], **more: Unpack[More]) -> capture.Capture:
    latitude_deg, longitude_deg = more.get("position", (None, None))
    mtime = more.get("mtime")
    evidence = capture.Evidence(
        tags=tags,
        original_path=more.get("path", "DSC_0001.jpg"),
        mtime=None if mtime is None else datetime.datetime.fromisoformat(mtime),
        arrived_at=NOW,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        companions=more.get("companions", []),
    )
    return capture.decide(evidence, capture.DateRules(more.get("zone", "Europe/Berlin"), NOW))


def wall(found: capture.Capture) -> str | None:
    return None if found.captured_local is None else found.captured_local.isoformat()


def verdicts(found: capture.Capture) -> dict[str, tuple[str, str | None]]:
    return {c.source: (c.verdict.value, c.reason) for c in found.candidates}


def test_sub_seconds_and_offset_complete_the_date() -> None:
    found = decide(
        {
            DTO: "2020:12:31 20:15:59",
            "EXIF:SubSecTimeOriginal": "987",
            "EXIF:OffsetTime": "-08:00",
        }
    )

    assert wall(found) == "2020-12-31T20:15:59.987000"
    assert found.captured_at == datetime.datetime(
        2021, 1, 1, 4, 15, 59, 987000, tzinfo=datetime.UTC
    )


def test_the_offset_of_the_camera_stands_above_the_place_and_the_place_above_an_editor() -> None:
    tags: dict[str, JSON] = {
        DTO: "2020:09:19 20:55:57",
        "XMP:DateTimeOriginal": "2020-09-19T20:55:57+02:00",
    }
    sydney = (-33.86, 151.21)

    by_place = decide(tags, position=sydney)
    by_camera = decide({**tags, "EXIF:OffsetTimeOriginal": "+09:00"}, position=sydney)
    by_editor = decide(tags)

    assert (by_place.utc_offset_minutes, by_place.offset_source) == (600, "gps")
    assert (by_camera.utc_offset_minutes, by_camera.offset_source) == (540, "tag")
    assert (by_editor.utc_offset_minutes, by_editor.offset_source) == (120, "tag")


def test_a_sidecar_without_an_offset_leaves_the_camera_s_above_the_place() -> None:
    sidecar = CompanionFacts("xmp", {"XMP:DateTimeOriginal": "2020-09-19T20:55:57"})

    found = decide(
        {DTO: "2020:09:19 20:55:57", "EXIF:OffsetTimeOriginal": "+09:00"},
        position=(-33.86, 151.21),
        companions=[sidecar],
    )

    assert (found.utc_offset_minutes, found.offset_source) == (540, "tag")


def test_an_offset_belongs_to_the_moment_it_is_stated_with() -> None:
    one = CompanionFacts("xmp", {"XMP:DateTimeOriginal": "2007-07-29T18:19:58+13:45"})
    other = CompanionFacts("xmp", {"XMP:DateTimeOriginal": "1980-06-02T18:19:58-06:00"})
    of_day = CompanionFacts("xmp", {"XMP:DateTimeOriginal": "1985-08-01"})

    earlier = decide({}, companions=[one, other])
    by_day = decide(
        {DTO: "2020:09:19 20:55:57", "EXIF:OffsetTimeOriginal": "+09:00"}, companions=[of_day]
    )

    assert (wall(earlier), earlier.utc_offset_minutes) == ("1980-06-02T18:19:58", -360)
    assert (wall(by_day), by_day.offset_source) == ("1985-08-01T23:59:00", "default")


@pytest.mark.parametrize("hours", [-5, [-5, 2]])
def test_the_offset_in_hours_of_older_cameras_is_stated_too(hours: JSON) -> None:
    found = decide({DTO: "2020:09:19 20:55:57", "EXIF:TimeZoneOffset": hours})

    assert (found.utc_offset_minutes, found.offset_source) == (-300, "tag")


def test_without_any_zone_clocks_are_read_as_utc_and_doubted() -> None:
    tags: dict[str, JSON] = {DTO: "2020:09:19 20:55:57", CREATE: "2020:09:19 20:55:57"}

    found = decide(tags, zone=None)

    assert (found.utc_offset_minutes, found.offset_source) == (0, "none")
    assert found.confidence == "low"


@pytest.mark.parametrize("clock", ["2019:03:31 02:30:00", "2019:10:27 02:30:00"])
def test_the_wall_clock_survives_the_change_of_summer_time(clock: str) -> None:
    found = decide({DTO: clock})

    assert found.captured_local is not None
    assert found.captured_local.strftime("%Y:%m:%d %H:%M:%S") == clock


@pytest.mark.parametrize(("utc_hour", "minutes"), [(0.0, 120), (1.0, 60)])
def test_gps_time_tells_which_of_two_repeated_hours_it_was(utc_hour: float, minutes: int) -> None:
    found = decide(
        {
            DTO: "2019:10:27 02:30:00",
            "EXIF:GPSDateStamp": "2019:10:27",
            "EXIF:GPSTimeStamp": [utc_hour, 30.0, 0.0],
        },
        position=(52.5, 13.4),
    )

    assert (wall(found), found.utc_offset_minutes) == ("2019-10-27T02:30:00", minutes)
    assert found.confidence == "high"


def test_a_repeated_hour_of_a_video_keeps_its_instant() -> None:
    found = decide({QUICKTIME: "2019-10-27T01:30:00Z"})

    assert (wall(found), found.utc_offset_minutes) == ("2019-10-27T02:30:00", 60)


def test_an_apple_video_has_local_time_with_its_offset() -> None:
    found = decide(
        {"Keys:CreationDate": "2019-07-24T11:25:40+0300", QUICKTIME: "2019-07-24T08:25:57Z"}
    )

    assert (wall(found), found.confidence) == ("2019-07-24T11:25:40", "high")
    assert found.offset_source == "tag"


def test_a_video_s_content_date_gives_its_offset() -> None:
    found = decide(
        {
            "QuickTime:ContentCreateDate": "2019-07-24T11:25:40+0300",
            QUICKTIME: "2019-07-24T08:25:42Z",
        }
    )

    assert (wall(found), found.utc_offset_minutes) == ("2019-07-24T11:25:42", 180)
    assert (found.offset_source, found.confidence) == ("tag", "medium")


def test_a_container_closed_at_the_end_of_a_recording_does_not_contradict() -> None:
    found = decide(
        {"Keys:CreationDate": "2019-07-24T11:25:40+0300", QUICKTIME: "2019-07-24T08:45:57Z"}
    )

    assert not found.conflict


def test_a_video_of_a_telephone_gets_its_offset_from_its_name() -> None:
    found = decide({QUICKTIME: "2024-01-28T09:54:20Z"}, path="VID_20240128_185420.mp4")

    assert (wall(found), found.offset_source) == ("2024-01-28T18:54:20", "utc_delta")
    assert found.utc_offset_minutes == 540
    assert found.confidence == "medium"


@pytest.mark.parametrize(
    ("make", "path"),
    [
        ({"Keys:Make": "Panasonic"}, "P1000244.MOV"),
        ({"Video:Handler": "GoPro AVC"}, "GH010017.MP4"),
        ({}, "VID_20240128_095420.mp4"),
    ],
)
def test_older_cameras_write_local_time_for_utc(make: dict[str, JSON], path: str) -> None:
    found = decide({QUICKTIME: "2024-01-28T09:54:20Z", **make}, path=path)

    assert (wall(found), found.utc_offset_minutes) == ("2024-01-28T09:54:20", 60)


def test_a_sidecar_may_repeat_the_utc_of_a_video_without_saying_so() -> None:
    sidecar = CompanionFacts("xmp", {"XMP:DateTimeOriginal": "2024-01-28T09:54:20"})

    found = decide(
        {QUICKTIME: "2024-01-28T09:54:20Z"}, path="20240128_105420.mp4", companions=[sidecar]
    )

    assert (wall(found), found.utc_offset_minutes) == ("2024-01-28T10:54:20", 60)
    assert (found.confidence, found.conflict) == ("high", False)


def test_a_container_is_utc_where_the_camera_tells_its_own_time() -> None:
    found = decide(
        {
            DTO: "2025:09:06 20:24:47",
            "EXIF:OffsetTimeOriginal": "-08:00",
            QUICKTIME: "2025-09-07T04:24:47Z",
            "EXIF:Make": "Canon",
        }
    )

    assert (found.confidence, found.conflict) == ("high", False)


def test_a_pixel_name_gives_the_offset_and_does_not_count_twice() -> None:
    found = decide({DTO: "2023:10:06 08:30:00"}, path="PXL_20231006_063000139.jpg")

    assert (found.utc_offset_minutes, found.offset_source) == (120, "utc_delta")
    assert found.confidence == "medium"
    assert verdicts(found)["filename_datetime"][0] == "gives_offset"


def test_gps_time_in_two_groups_of_tags_gives_the_offset_once() -> None:
    found = decide(
        {
            DTO: "2022:06:01 14:00:00",
            "EXIF:GPSDateStamp": "2022:06:01",
            "EXIF:GPSTimeStamp": [12.0, 0.0, 0.0],
            "XMP:GPSDateTime": "2022-06-01T12:00:00Z",
        }
    )

    assert (found.offset_source, found.confidence) == ("utc_delta", "medium")


def test_a_utc_name_agrees_with_a_stated_offset() -> None:
    found = decide(
        {DTO: "2023:10:06 08:30:00", "EXIF:OffsetTimeOriginal": "+02:00"},
        path="PXL_20231006_063000139.jpg",
    )

    assert found.confidence == "high"


@pytest.mark.parametrize(("hours", "conflict"), [(13, False), (15, True)])
def test_a_utc_name_contradicts_only_beyond_all_zones(hours: int, conflict: bool) -> None:
    taken = datetime.datetime.fromisoformat("2023-10-06T06:37:00") + datetime.timedelta(hours=hours)

    found = decide({DTO: taken.isoformat()}, path="PXL_20231006_063000139.jpg")

    assert found.conflict == conflict


def test_a_name_in_utc_of_another_day_is_no_conflict() -> None:
    found = decide(
        {DTO: "2024:04:14 08:34:30", "EXIF:OffsetTimeOriginal": "+12:00"},
        path="UTC-20240413-203430-Auckland.jpg",
    )

    assert not found.conflict


def test_iptc_midnight_offsets_are_not_believed() -> None:
    found = decide({"IPTC:DateCreated": "20190609", "IPTC:TimeCreated": "125732+0000"})

    assert (wall(found), found.offset_source) == ("2019-06-09T12:57:32", "default")


def test_a_date_of_the_same_day_supports_a_time_and_never_replaces_it() -> None:
    found = decide({MODIFY: "2019:06:09 12:57:32", "IPTC:DateCreated": "20190609"})

    assert (wall(found), found.time_known) == ("2019-06-09T12:57:32", True)
    assert verdicts(found)["IPTC:DateCreated"][0] == "agrees"


def test_other_metadata_of_another_time_is_a_conflict() -> None:
    found = decide({DTO: "2023:02:02 02:00:00", CREATE: "2023:04:04 04:00:00"})

    assert (wall(found), found.confidence) == ("2023-02-02T02:00:00", "low")
    assert found.reasons == ("other_metadata",)


def test_a_picture_that_was_edited_keeps_the_date_of_its_creation() -> None:
    found = decide(
        {
            "XMP:CreateDate": "2015-06-01T10:00:00",
            MODIFY: "2020:08:02 16:02:20",
            "XMP:ModifyDate": "2020-08-02T16:02:20+02:00",
        },
        mtime="2020-08-02T14:02:21Z",
    )

    assert (wall(found), found.confidence) == ("2015-06-01T10:00:00", "medium")


def test_a_later_change_is_no_conflict() -> None:
    found = decide(
        {DTO: "2023:02:02 02:00:00", MODIFY: "2023:04:04 04:00:00"}, mtime="2024-01-01T00:00:00Z"
    )

    assert (found.confidence, found.conflict) == ("medium", False)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("0000:00:00 00:00:00", "zero"),
        ("    :  :     :  :  ", "blank"),
        ("2019:02:30 10:00:00", "not_in_calendar"),
        ("2107:12:31 23:59:59", "in_the_future"),
        ("1826:01:01 10:00:00", "before_first_year"),
        ("2001:01:01 00:00:00", "default_date"),
        ("1970:01:01 03:00:00", "default_date"),
        ("never", "not_a_date"),
    ],
)
def test_an_impossible_date_is_listed_and_loses(value: str, reason: str) -> None:
    found = decide({DTO: value, MODIFY: "2009:01:02 03:04:05"})

    assert wall(found) == "2009-01-02T03:04:05"
    assert verdicts(found)[DTO] == ("rejected", reason)


def test_only_a_camera_has_a_first_year() -> None:
    tags: dict[str, JSON] = {DTO: "1912:04:14 23:40:00"}

    scan = decide(tags)
    camera = decide({**tags, "EXIF:Make": "Canon"}, mtime="2009-01-02T03:04:05Z")

    assert (wall(scan), scan.confidence, scan.suspicious) == (
        "1912-04-14T23:40:00",
        "medium",
        False,
    )
    assert (wall(camera), camera.confidence, camera.suspicious) == (
        "1912-04-14T23:40:00",
        "low",
        True,
    )


def test_a_date_in_the_future_never_wins() -> None:
    assert decide({DTO: "2107:12:31 23:59:59"}).confidence == "none"


def test_new_year_confirmed_by_another_clock_stands_in_doubt() -> None:
    found = decide({DTO: "2001:01:01 00:15:00"}, path="IMG_20010101_001500.jpg")

    assert (wall(found), found.confidence) == ("2001-01-01T00:15:00", "low")
    assert found.suspicious


MIDNIGHT = "2000-01-01T00:00:00"
AFTER_MIDNIGHT = "2000-01-01T00:03:00"


@pytest.mark.parametrize("clock", [MIDNIGHT, AFTER_MIDNIGHT])
@pytest.mark.parametrize("name", ["XMP:DateTimeOriginal", "Takeout:PhotoTakenTime"])
def test_who_repeats_the_date_of_a_clock_that_was_reset_does_not_make_it_sure(
    clock: str, name: str
) -> None:
    found = decide({DTO: clock}, companions=[CompanionFacts("xmp", {name: clock})])

    assert (found.confidence, found.suspicious) == ("low", True)
    assert found.captured_local is not None
    assert found.captured_local.date().isoformat() == "2000-01-01"


def test_a_name_beats_every_copy_of_a_default_date() -> None:
    found = decide(
        {DTO: MIDNIGHT, "EXIF:SubSecTimeOriginal": "37"},
        path="IMG_20190714_101500.jpg",
        companions=[CompanionFacts("xmp", {"XMP:DateTimeOriginal": MIDNIGHT})],
    )

    assert (wall(found), found.confidence) == ("2019-07-14T10:15:00", "medium")


def test_the_name_of_a_telephone_that_was_reset_is_suspicious() -> None:
    found = decide({}, path="IMG_19700101_000000.jpg", mtime="2024-01-01T00:00:00Z")

    assert (wall(found), found.confidence) == ("1970-01-01T00:00:00", "low")
    assert found.suspicious


def test_a_year_and_a_day_that_a_person_named_are_no_default_dates() -> None:
    by_year = decide({"XMP:DateCreated": "2000"})
    by_folder = decide({}, path="2000-01-01 Millennium/a.jpg")

    assert (wall(by_year), by_year.suspicious) == ("2000-01-01T23:59:00", False)
    assert (wall(by_folder), by_folder.suspicious) == ("2000-01-01T23:59:00", False)


def test_a_folder_says_more_than_a_camera_that_was_reset() -> None:
    found = decide({DTO: "2000:01:01 00:00:00"}, path="2019-07-14 Beach/a.jpg")

    assert (wall(found), found.confidence) == ("2019-07-14T23:59:00", "low")


def test_a_month_neither_replaces_nor_confirms_a_time() -> None:
    found = decide({DTO: "2019:07:14 10:00:00"}, path="2019-07/a.jpg")

    assert (wall(found), found.confidence) == ("2019-07-14T10:00:00", "medium")


def test_a_forced_name_wins_over_metadata() -> None:
    found = decide(
        {DTO: "2023:02:02 02:00:00", CREATE: "2023:02:02 02:00:00"},
        path="[FORCE] 1985-08-01 12.00.00.jpg",
    )

    assert (wall(found), found.source) == ("1985-08-01T12:00:00", "filename_datetime")
    assert found.confidence == "medium"


def test_the_moment_of_a_download_is_doubted_and_contradicts_nothing() -> None:
    alone = decide({}, path="FB_IMG_1556712345678.jpg", mtime="2019-05-01T12:05:46Z")
    with_camera = decide({DTO: "2018:02:02 02:00:00"}, path="FB_IMG_1556712345678.jpg")

    assert (wall(alone), alone.confidence) == ("2019-05-01T14:05:45.678000", "low")
    assert (with_camera.confidence, with_camera.conflict) == ("medium", False)


def test_a_sidecar_stands_above_what_is_embedded() -> None:
    sidecar = CompanionFacts("xmp", {"XMP:DateTimeOriginal": "1985-08-01T12:00:00"})

    found = decide({DTO: "2023:02:02 02:00:00"}, companions=[sidecar])

    assert (wall(found), found.source) == ("1985-08-01T12:00:00", "companion:XMP:DateTimeOriginal")
    assert found.conflict


def test_a_sidecar_without_a_date_changes_nothing() -> None:
    found = decide({DTO: "2023:02:02 02:00:00"}, companions=[CompanionFacts("xmp")])

    assert (wall(found), found.confidence) == ("2023-02-02T02:00:00", "medium")


def test_takeout_dates_and_places_what_holds_nothing_itself() -> None:
    companion = CompanionFacts(
        "takeout", {"Takeout:PhotoTakenTime": "2022-12-31T23:30:00+00:00"}, 35.68, 139.76
    )

    found = decide({}, companions=[companion], mtime="2024-01-01T00:00:00Z")

    assert (wall(found), found.offset_source) == ("2023-01-01T08:30:00", "gps")
    assert found.confidence == "medium"


def test_a_photo_without_a_date_is_filed_by_its_arrival() -> None:
    rules = capture.DateRules("Asia/Tokyo", NOW)
    arrived_at = datetime.datetime(2026, 4, 30, 20, tzinfo=datetime.UTC)

    clock = capture.filing_clock(decide({}), arrived_at, rules)

    assert clock.isoformat() == "2026-05-01T05:00:00"


TEXTS = st.sampled_from(
    [
        "2019:07:14 10:00:00",
        "2019-07-14T10:00:10+02:00",
        "0001:01:01 00:00:00+14:00",
        "9999:12:31 23:59:59-14:00",
        "2000:01:01 00:00:00",
        "20190714",
        "1965",
        "125732+0000",
        "",
    ]
)
VALUES = (
    TEXTS | st.text(max_size=12) | st.integers() | st.none() | st.lists(st.floats(), max_size=4)
)
NAMES = [name for name in vars(tag_names).values() if isinstance(name, str) and ":" in name]
TAGS = st.dictionaries(st.sampled_from([name for name in NAMES if " " not in name]), VALUES)
PATHS = st.sampled_from(["a.jpg", "2019/07/PXL_20190714_080000123.jpg", "[FORCE]2019-07-14"])
MOMENTS = st.none() | st.datetimes(timezones=st.just(datetime.UTC))


@settings(max_examples=300)
@given(TAGS, PATHS, MOMENTS, st.none() | st.floats(-90, 90), st.sampled_from([None, "Asia/Tokyo"]))
def test_no_evidence_is_too_strange(
    tags: dict[str, JSON],
    path: str,
    mtime: datetime.datetime | None,
    latitude_deg: float | None,
    default_zone: str | None,
) -> None:
    companion = facts.CompanionFacts("xmp", tags)
    evidence = capture.Evidence(tags, path, mtime, NOW, latitude_deg, 10.0, [companion])

    found = capture.decide(evidence, capture.DateRules(default_zone, NOW))

    assert json.dumps(found.candidates_json(), allow_nan=False)
    assert (found.confidence == "none") == (found.captured_local is None)
    if found.captured_local is not None and found.captured_at is not None:
        offset = datetime.timedelta(minutes=found.utc_offset_minutes or 0)
        assert found.captured_local - offset == found.captured_at.replace(tzinfo=None)
        assert [c.verdict.value for c in found.candidates].count("selected") == 1


def test_the_date_of_the_whole_video_counts_before_that_of_a_track() -> None:
    found = decide(
        {QUICKTIME: "2020-05-11T14:18:35Z", "QuickTime:MediaCreateDate": "2020-05-11T14:18:33Z"}
    )

    assert found.source == QUICKTIME
    assert found.captured_at == datetime.datetime(2020, 5, 11, 14, 18, 35, tzinfo=datetime.UTC)
