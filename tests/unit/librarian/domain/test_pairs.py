import dataclasses
import datetime
import uuid

import pytest

from librarian.domain import pairs
from librarian.domain.pairs import Half, Taken

NOON = datetime.datetime.fromisoformat("2019-07-14T12:00:00")
CARD = (uuid.uuid4(), b"card")
DATED = Taken(NOON, 120, "tag", "EXIF:DateTimeOriginal", time_known=True)
UNDATED = Taken(NOON, None, "none", "File:FileModifyDate", time_known=True)


def half(name: str, live_photo_id: str | None = None, taken: Taken = DATED) -> Half:
    kind = "video" if name.endswith((".MOV", ".MP4")) else "image"
    return Half(uuid.uuid4(), name, CARD, kind, live_photo_id, taken, None, None)


def elsewhere(one: Half) -> Half:
    return dataclasses.replace(one, folder=None)


def test_a_live_photo_is_certain_by_its_identifier_wherever_it_comes_from() -> None:
    picture, partner = half("a.HEIC", "X"), elsewhere(half("b.MOV", "X"))

    expected = pairs.Pair("live_photo", "content identifier", picture, partner)
    assert pairs.certain(picture, partner) == pairs.certain(partner, picture) == expected


def test_raw_and_jpeg_are_certain_by_folder_name_and_second() -> None:
    later = dataclasses.replace(DATED, local=NOON.replace(microsecond=500_000))
    raw, jpeg = half("DSC_1.NEF"), half("DSC_1.JPG", taken=later)

    expected = pairs.Pair("raw_jpeg", "name and moment", jpeg, raw)
    assert pairs.certain(raw, jpeg) == pairs.certain(jpeg, raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        half("DSC_2.NEF"),
        elsewhere(half("DSC_1.NEF")),
        half("DSC_1.NEF", taken=UNDATED),
        half("DSC_1.NEF", taken=dataclasses.replace(DATED, source="filename_datetime")),
        half("DSC_1.NEF", taken=dataclasses.replace(DATED, source="companion:XMP:DateCreated")),
        half("DSC_1.NEF", taken=dataclasses.replace(DATED, time_known=False)),
        half("DSC_1.NEF", taken=dataclasses.replace(DATED, local=NOON.replace(second=1))),
    ],
)
def test_others_are_not(raw: Half) -> None:
    assert pairs.certain(half("DSC_1.JPG"), raw) is None


def test_a_motion_photo_is_not_certain_by_its_name() -> None:
    assert pairs.certain(half("MVIMG_1.JPG"), half("MVIMG_1.MP4")) is None


def test_of_a_batch_the_partner_comes_later() -> None:
    halves = [half("IMG_1.MOV", "X"), half("IMG_1.HEIC", "X"), half("IMG_2.HEIC", "Y")]
    halves += [half("DSC_1.NEF"), half("DSC_1.JPG"), half("DSC_2.NEF")]

    later = pairs.later(halves)

    assert [one.name for one in halves if one.asset_id in later] == ["IMG_1.MOV", "DSC_1.NEF"]


def test_an_identifier_that_every_file_has_makes_no_pairs() -> None:
    halves = [half(f"IMG_{number}.MOV", "X") for number in range(8)]

    assert pairs.later([*halves, half("a.HEIC", "X")]) == set()
    assert pairs.certain(half("a.HEIC", ""), half("b.MOV", "")) is None


def test_an_undated_picture_comes_after_a_dated_video() -> None:
    picture, video = half("IMG_1.HEIC", "X", UNDATED), half("IMG_1.MOV", "X")

    assert pairs.later([picture, video]) == {picture.asset_id}


def test_a_half_tells_its_date_and_position() -> None:
    placed = dataclasses.replace(half("IMG_1.HEIC", "X"), position=(48.2, 16.37))

    told = pairs.told(placed, "live_photo")

    assert told is not None
    assert dict(told.tags) == {"Partner:DateTimeOriginal": "2019-07-14T12:00:00+02:00"}
    assert (told.latitude_deg, told.longitude_deg) == (48.2, 16.37)


def test_an_offset_that_is_only_assumed_is_not_told() -> None:
    assumed = dataclasses.replace(DATED, offset_source="default")

    told = pairs.told(half("IMG_1.HEIC", "X", assumed), "live_photo")

    assert told is not None
    assert dict(told.tags) == {"Partner:DateTimeOriginal": "2019-07-14T12:00:00"}


def test_a_date_that_is_not_its_own_is_not_told() -> None:
    assert pairs.told(half("IMG_1.HEIC", "X", UNDATED), "live_photo") is None


def test_raw_and_jpeg_tell_no_date() -> None:
    assert pairs.told(half("DSC_1.JPG"), "raw_jpeg") is None


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("2019/2019-07-14/IMG_1_1.HEIC", "IMG_1.MOV", "IMG_1_1.MOV"),
        ("2019/2019-07-14/a.b.jpg", "x.cr2", "a.b.cr2"),
    ],
)
def test_the_name_beside_a_half_is_its_stem(path: str, name: str, expected: str) -> None:
    assert pairs.beside(path, name) == expected
