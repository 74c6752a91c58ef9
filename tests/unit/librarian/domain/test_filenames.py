import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.domain import filenames
from librarian.domain.timestamps import Precision

RECOGNISED = {
    "IMG_20190714_101500.jpg": "2019-07-14T10:15:00",
    "img-20190714-101500.jpg": "2019-07-14T10:15:00",
    "VID_20190714_101500123.mp4": "2019-07-14T10:15:00.123000",
    "MVIMG_20190714_101500.jpg": "2019-07-14T10:15:00",
    "PANO_20190714_101500.jpg": "2019-07-14T10:15:00",
    "Screenshot_20190714-101500.png": "2019-07-14T10:15:00",
    "signal-20190714-101500.jpg": "2019-07-14T10:15:00",
    "dji_fly_20190714_101500_12_photo.jpg": "2019-07-14T10:15:00",
    "20190714_101500.jpg": "2019-07-14T10:15:00",
    "20190714_101500_1.jpg": "2019-07-14T10:15:00",
    "20190714_101500(0).jpg": "2019-07-14T10:15:00",
    "20190714_101500~2.jpg": "2019-07-14T10:15:00",
    "IMG_20190714_101500-edited.jpg": "2019-07-14T10:15:00",
    "IMG_20190714_101500 (1).jpg": "2019-07-14T10:15:00",
    "IMG_20190714_101500.sync-conflict-20240101-010101-ABCDEFG.jpg": "2019-07-14T10:15:00",
    "WhatsApp Image 2019-07-14 at 10.15.00.jpeg": "2019-07-14T10:15:00",
    "WhatsApp Video 2019-07-14 at 10.15.00 PM (2).mp4": "2019-07-14T22:15:00",
    "signal-2019-07-14-101500.jpg": "2019-07-14T10:15:00",
    "signal-2019-07-14-10-15-00-123.jpg": "2019-07-14T10:15:00.123000",
    "photo_2019-07-14_10-15-00.jpg": "2019-07-14T10:15:00",
    "video_2019-07-14_10-15-00.mp4": "2019-07-14T10:15:00",
    "Screenshot 2019-07-14 at 10.15.00.png": "2019-07-14T10:15:00",
    "Screenshot_2019-07-14-10-15-00-123_com.example.app.jpg": "2019-07-14T10:15:00",
    "WhatsApp Image 2019-07-14 at 9.05.00 PM.jpeg": "2019-07-14T21:05:00",
    "Screenshot 2019-07-14 at 9.05.00\u202fAM.png": "2019-07-14T09:05:00",
    "WhatsApp Image 2019-07-14 at 10.15.00": "2019-07-14T10:15:00",
    "IMG_20190714_101500{beach}-edited(1).jpg": "2019-07-14T10:15:00",
    "WP_20190714_10_15_00_Pro.jpg": "2019-07-14T10:15:00",
    "DJI_20190714101500_0001.JPG": "2019-07-14T10:15:00",
}
LOOSE = {
    "trip 2021-03-04 12.00.00.jpg": ("2021-03-04T12:00:00", None),
    "2021-03-04_12:00:00.jpg": ("2021-03-04T12:00:00", None),
    "2021-03-04T120000.jpg": ("2021-03-04T12:00:00", None),
    "2021.03.04 12-00-00.jpg": ("2021-03-04T12:00:00", None),
    "scan 20210304-120000.jpg": ("2021-03-04T12:00:00", None),
    "scan 20210304120000.jpg": ("2021-03-04T12:00:00", None),
    "2021-03-04 12.00.00+0200.jpg": ("2021-03-04T12:00:00", 120),
    "2021-03-04T12:00:00-05:00.jpg": ("2021-03-04T12:00:00", -300),
    "2021-03-04T120000Z.jpg": ("2021-03-04T12:00:00", 0),
    "20210304-120000-0001.jpg": ("2021-03-04T12:00:00", None),
    "20210304-120000-0030.jpg": ("2021-03-04T12:00:00", None),
    "2021-03-04 12.00.00zoo.jpg": ("2021-03-04T12:00:00", None),
    "2021-03-04 12.00.00": ("2021-03-04T12:00:00", None),
    "00000IMG_00000_BURST20210304120000500_COVER.jpg": ("2021-03-04T12:00:00.500000", None),
}
DAYS = {
    "IMG-20200131-WA0007.jpg": "2020-01-31",
    "VID-20200131-WA0007.mp4": "2020-01-31",
    "2024-0115.jpg": "2024-01-15",
    "2024_01_15 party.jpg": "2024-01-15",
    "party 20240115.jpg": "2024-01-15",
    "07-14-2019.jpg": "2019-07-14",
    "14.07.2019.jpg": "2019-07-14",
    "14.07.2019": "2019-07-14",
    "01-01-2019.jpg": "2019-01-01",
    "WP_20190714_003.jpg": "2019-07-14",
    "2019-02-30 2019-03-01.jpg": "2019-03-01",
}
NOTHING = [
    "DSC_0001.jpg",
    "received_1234567890123456.jpg",
    "IMG_120190714_101500.jpg",
    "201907141.jpg",
    "01-02-2019.jpg",
    "2019-13-01.jpg",
    "holiday {2019-07-14}.jpg",
    "1080x1920.jpg",
    "DSC_0001.sync-conflict-20240101-010101-ABCDEFG.jpg",
    "IMG_\u0662\u0660\u0661\u0669\u0660\u0667\u0661\u0664_101500.jpg",
    "",
]


@pytest.mark.parametrize(("name", "clock"), RECOGNISED.items(), ids=RECOGNISED.keys())
def test_names_of_devices_and_apps_are_recognised(name: str, clock: str) -> None:
    found = filenames.date_in_name(name)

    assert found is not None
    assert found.stamp.clock.isoformat() == clock
    assert (found.stamp.is_utc, found.stamp.offset_minutes) == (False, None)
    assert found.is_recognised


@pytest.mark.parametrize("name", ["IMG_20190714_101500", "20190714_101500", "2019-07-14 10.15.00"])
@pytest.mark.parametrize(
    ("text", "minutes"), [("+02:00", 120), ("+0200", 120), ("-0930", -570), ("Z", 0), ("+0000", 0)]
)
def test_every_time_may_state_its_offset(name: str, text: str, minutes: int) -> None:
    found = filenames.date_in_name(f"{name}{text}.jpg")

    assert found is not None
    assert found.stamp.clock.isoformat() == "2019-07-14T10:15:00"
    assert found.stamp.offset_minutes == minutes


@pytest.mark.parametrize("ending", [".jpg", ".MP.jpg", "~2.jpg"])
def test_pixel_telephones_write_utc(ending: str) -> None:
    found = filenames.date_in_name(f"PXL_20220304_112233444{ending}")

    assert found is not None
    assert found.stamp.clock.isoformat() == "2022-03-04T11:22:33.444000"
    assert found.stamp.is_utc


@pytest.mark.parametrize(("name", "expected"), LOOSE.items(), ids=LOOSE.keys())
def test_loose_times_are_found(name: str, expected: tuple[str, int | None]) -> None:
    found = filenames.date_in_name(name)

    assert found is not None
    assert (found.stamp.clock.isoformat(), found.stamp.offset_minutes) == expected
    assert not found.is_recognised


@pytest.mark.parametrize(("name", "day"), DAYS.items(), ids=DAYS.keys())
def test_dates_without_a_time_are_found(name: str, day: str) -> None:
    found = filenames.date_in_name(name)

    assert found is not None
    assert found.stamp.clock.isoformat() == f"{day}T23:59:00"
    assert found.stamp.precision is Precision.DAY
    assert found.is_recognised == ("-WA" in name)


@pytest.mark.parametrize("name", NOTHING)
def test_other_numbers_are_no_dates(name: str) -> None:
    assert filenames.date_in_name(name) is None


@pytest.mark.parametrize(
    "name",
    ["FB_IMG_1556712345678.jpg", "FB_IMG_1556712345678 (1).jpg", "FB_IMG_1556712345678_1.jpg",
     "mmexport1556712345678-edited.jpg", "1556712345678.jpg"],
)  # fmt: skip
def test_milliseconds_tell_the_moment_of_a_download(name: str) -> None:
    found = filenames.date_in_name(name)

    assert found is not None
    assert found.stamp.clock.isoformat() == "2019-05-01T12:05:45.678000"
    assert found.is_download
    assert not found.is_recognised


@pytest.mark.parametrize(("month_first", "day"), [(True, "2019-01-02"), (False, "2019-02-01")])
def test_an_ambiguous_date_is_read_as_set(month_first: bool, day: str) -> None:
    found = filenames.date_in_name("01-02-2019.jpg", month_first=month_first)

    assert found is not None
    assert found.stamp.clock.date().isoformat() == day


def test_a_date_can_be_forced() -> None:
    found = filenames.date_in_name("[FORCE] 2019-07-14 10.15.00.jpg")

    assert found is not None
    assert found.is_forced


@given(st.text(max_size=40) | st.from_regex(r"\A[A-Z]{0,4}[0-9_ .-]{0,30}\Z"))
def test_no_name_is_too_strange(name: str) -> None:
    found = filenames.date_in_name(name)

    assert found is None or 1900 <= found.stamp.clock.year < 2100


@pytest.mark.parametrize(
    ("path", "day", "precision"),
    [
        ("2019/2019-07-14 Beach/a.jpg", "2019-07-14", Precision.DAY),
        ("2019/07/14/a.jpg", "2019-07-14", Precision.DAY),
        ("2018-01/2019-07/a.jpg", "2019-07-01", Precision.MONTH),
        ("2019/07/a.jpg", "2019-07-01", Precision.MONTH),
        ("2019-07/2018/a.jpg", "2019-07-01", Precision.MONTH),
        ("Takeout/Photos from 2019/a.jpg", "2019-01-01", Precision.YEAR),
    ],
)
def test_folders_tell_dates(path: str, day: str, precision: Precision) -> None:
    stamp = filenames.date_in_folders(path)

    assert stamp is not None
    assert stamp.clock.date().isoformat() == day
    assert stamp.precision is precision


@pytest.mark.parametrize("path", ["a.jpg", "DCIM/100CANON/a.jpg", "Beach/2019.jpg", "20199/a.jpg"])
def test_other_folders_tell_nothing(path: str) -> None:
    assert filenames.date_in_folders(path) is None
