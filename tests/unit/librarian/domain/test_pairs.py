import dataclasses
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from librarian.domain import pairs
from librarian.domain.moments import Moment
from librarian.domain.pairs import Half, Known, Pair

NOON = datetime.fromisoformat("2019-07-14T12:00:00")
CARD = (uuid.uuid4(), b"card")
STATED = Moment(NOON, None, 10)
DATE = "2019-07-14T12:00:00"
ID, NAME, FOLDER = pairs.EVIDENCE


def half(name: str, identifier: str | None = None, **known: Any) -> Half:  # noqa: ANN401  fields
    is_video = name.lower().endswith((".mov", ".mp4", ".mp"))
    own = Known("video" if is_video else "image", identifier)
    return Half(uuid.uuid4(), name, CARD, dataclasses.replace(own, **known))


def dated(name: str, seconds: float = 0, identifier: str | None = None) -> Half:
    moment = dataclasses.replace(STATED, wall=NOON + timedelta(seconds=seconds))
    return half(name, identifier, moment=moment, date=DATE)


def lasting(name: str, seconds: float, identifier: str | None = None) -> Half:
    return half(name, identifier, duration=timedelta(seconds=seconds))


def elsewhere(one: Half, folder: bytes = b"other") -> Half:
    return dataclasses.replace(one, folder=(CARD[0], folder))


@pytest.mark.parametrize(
    ("picture", "partner", "kind", "evidence"),
    [
        (half("a.HEIC", "X"), elsewhere(half("b.mov", "X")), "live_photo", ID),
        (dated("a.HEIC", 0, "X"), dated("a.mov", 90, "X"), "live_photo", ID),
        (half("a.png", "X"), lasting("a.mov", 60, "X"), "live_photo", ID),
        (half("IMG_1.HEIC"), half("IMG_1.MOV"), "live_photo", FOLDER),
        (half("IMG_1.HEIC", "X"), half("IMG_1.MP4"), "live_photo", FOLDER),
        (half("IMG_1.HEIC"), half("IMG_1.MP4"), "live_photo", FOLDER),
        (half("IMG_1.JPG", "X"), half("IMG_1.MP4"), "live_photo", FOLDER),
        (dated("IMG_1.JPG"), dated("IMG_1.MOV", -3), "live_photo", NAME),
        (half("IMG_1.HEIC"), half("img_1.mov"), "live_photo", FOLDER),
        (half("IMG_1(1).HEIC"), half("IMG_1(1).MOV"), "live_photo", FOLDER),
        (half("PXL_1.MP.jpg"), half("PXL_1.MP"), "motion_photo", FOLDER),
        (half("PXL_1.MP.jpg"), half("PXL_1.mp4"), "motion_photo", FOLDER),
        (half("PXL_1.MP.jpg"), half("PXL_1.MP.mp4"), "motion_photo", FOLDER),
        (dated("MVIMG_1.jpg"), dated("MVIMG_1.mp4", 3), "motion_photo", NAME),
        (half("IMG_20190714_120000.jpg"), lasting("IMG_20190714_120000.mp4", 2.9), "motion_photo",
         FOLDER),
        (half("IMG_1_BURST002.jpg"), half("IMG_1_BURST002.mp4"), "motion_photo", FOLDER),
        (dated("DSC_1.JPG"), dated("DSC_1.NEF"), "raw_jpeg", NAME),
        (half("DSC_1.JPG"), dated("DSC_1.NEF"), "raw_jpeg", FOLDER),
        (half("IMG_1.HEIC", "X"), half("IMG_1.DNG"), "raw_jpeg", FOLDER),
    ],
)  # fmt: skip
def test_two_halves_are_a_pair_in_either_order(
    picture: Half, partner: Half, kind: str, evidence: str
) -> None:
    expected = Pair(kind, evidence, picture, partner)

    assert pairs.between(picture, partner) == pairs.between(partner, picture) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (half("IMG_1.HEIC", "X"), half("IMG_1.MOV", "Y")),
        (half("IMG_1.HEIC", "X"), half("IMG_2.MOV")),
        (half("IMG_1.HEIC"), elsewhere(half("IMG_1.MOV"))),
        (half("IMG_1.HEIC"), lasting("IMG_1.MOV", 7)),
        (dated("IMG_1.JPG"), dated("IMG_1.MP4", 7)),
        (dated("IMG_1.JPG"), dated("IMG_1.MOV", 86_400)),  # the counter began again
        (dated("DSC_1.JPG"), dated("DSC_1.NEF", 1)),
        (half("DSC_1.JPG"), half("DSC_2.NEF")),
        (half("DSC_1.JPG"), elsewhere(half("DSC_1.NEF"))),
        (half("DSC_1.PNG"), half("DSC_1.NEF")),
        (half("IMG_1.JPG"), half("IMG_1.HEIC")),
        (half("IMG_1.HEIC", "X"), half("IMG_E1.HEIC", "X")),
        (half("IMG_1.MOV"), half("IMG_1.MP4")),
        (half("IMG_1_BURST001.jpg"), half("IMG_1_BURST002.mp4")),
        (half("PXL_1.MP~2.jpg"), half("PXL_1.MP")),
        (half("a.HEIC", "X"), elsewhere(half("b.mov"))),
    ],
)
def test_others_are_not(one: Half, other: Half) -> None:
    assert pairs.between(one, other) is None
    assert pairs.between(other, one) is None


def test_a_still_without_its_zone_and_a_video_in_utc_are_a_pair_whatever_the_zone() -> None:
    video = half("MVIMG_1.MP4", moment=Moment(None, NOON - timedelta(hours=2, seconds=3), 7))

    found = pairs.between(dated("MVIMG_1.JPG"), video)

    assert found is not None
    assert found.evidence == NAME


def test_a_partner_takes_the_picture_of_its_own_name() -> None:
    edited, picture, video = half("IMG_E1.HEIC", "X"), half("IMG_1.HEIC", "X"), half("a.MOV", "X")
    free = dataclasses.replace(video, name="IMG_1.MOV")

    assert [pair.picture for pair in pairs.of(free, [edited, picture])] == [picture]
    assert [pair.picture for pair in pairs.of(video, [edited, picture])] == [edited]


def test_a_picture_takes_what_has_its_name_or_no_picture() -> None:
    picture, raw, video = half("a.HEIC", "X"), half("a.DNG"), half("b.MOV", "X")
    taken = dataclasses.replace(video, linked=frozenset(["live_photo"]))

    assert [pair.partner for pair in pairs.of(picture, [raw, video])] == [raw, video]
    assert [pair.partner for pair in pairs.of(picture, [raw, taken])] == [raw]


def test_one_file_met_twice_is_one_partner() -> None:
    video = half("IMG_1.MOV", "X")

    [pair] = pairs.of(half("IMG_1.HEIC", "X"), [dataclasses.replace(video, folder=None), video])

    assert pair.partner.asset_id == video.asset_id


def test_a_partner_is_filed_after_its_picture_and_the_undated_after_the_dated() -> None:
    halves = [
        half("A.MOV"), dated("A.NEF"), half("A.JPG"),
        dated("B.MOV"), dated("B.HEIC"),
        half("C.HEIC"),
    ]  # fmt: skip

    turns = pairs.turns(halves)

    names = sorted(halves, key=lambda one: (turns[one.asset_id], one.name))
    assert [one.name for one in names] == ["B.HEIC", "C.HEIC", "A.NEF", "B.MOV", "A.JPG", "A.MOV"]


def test_an_identifier_that_every_file_has_is_none() -> None:
    halves = [half(f"IMG_{number}.MOV", "X") for number in range(8)]

    assert set(pairs.turns([*halves, half("a.HEIC", "X")]).values()) == {0}


def heard(teller: Half, hearer: Half) -> dict[str, object] | None:
    pair = pairs.between(teller, hearer)
    assert pair is not None
    found = pairs.told(pair, teller)
    return None if found is None else dataclasses.asdict(found)


def test_a_half_tells_its_date_and_position() -> None:
    picture = half("IMG_1.HEIC", date=DATE + "+02:00", position=(48.2, 16.37), altitude_m=170.0)

    assert heard(picture, half("IMG_1.MOV")) == {
        "kind": "live_photo",
        "tags": {"Partner:DateTimeOriginal": "2019-07-14T12:00:00+02:00"},
        "latitude_deg": 48.2,
        "longitude_deg": 16.37,
        "altitude_m": 170.0,
    }


def test_a_half_that_knows_nothing_tells_nothing() -> None:
    assert heard(half("IMG_1.HEIC"), half("IMG_1.MOV")) is None


@pytest.mark.parametrize(("weight", "is_told"), [(6, False), (7, True), (10, True)])
def test_a_date_that_would_tie_with_the_others_own_is_not_told(
    weight: int, *, is_told: bool
) -> None:
    hearer = half("DSC_1.JPG", moment=dataclasses.replace(STATED, weight=weight))

    assert (heard(dated("DSC_1.NEF"), hearer) is not None) == is_told


def rows(**asset: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    return {
        "media_type": "image",
        "metadata": {"tags": {}, "live_photo_id": "", "altitude_m": None},
        "location": None,
        "captured_local": "2019-07-14T12:00:00",
        "captured_at_source": "EXIF:DateTimeOriginal",
        "utc_offset_minutes": 120,
        "offset_source": "tag",
    } | asset


DATES: dict[str, Any] = {"candidates": [], "time_known": True}


@pytest.mark.parametrize(
    ("asset", "expected"),
    [
        ({}, "2019-07-14T12:00:00+02:00"),
        ({"offset_source": "default"}, "2019-07-14T12:00:00"),
        ({"captured_at_source": "manual"}, "2019-07-14T12:00:00+02:00"),
        ({"captured_at_source": "companion:XMP:DateCreated"}, "2019-07-14T12:00:00+02:00"),
        ({"captured_at_source": "companion:Partner:DateTimeOriginal"}, None),
        ({"captured_at_source": "File:FileModifyDate"}, None),
        ({"captured_at_source": "filename_datetime"}, None),
        ({"captured_at_source": "none", "captured_local": None}, None),
    ],
)
def test_a_date_of_a_name_of_the_disk_or_of_the_partner_is_not_worth_telling(
    asset: dict[str, Any], expected: str | None
) -> None:
    assert Known.of(rows(**asset), DATES).date == expected


def test_a_day_without_its_time_is_not_told() -> None:
    assert Known.of(rows(), DATES | {"time_known": False}).date is None


def test_an_empty_identifier_is_none() -> None:
    assert Known.of(rows(), DATES).live_photo_id is None


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("2019/2019-07-14/IMG_1_1.HEIC", "IMG_1.MOV", "IMG_1_1.MOV"),
        ("2019/2019-07-14/a.b.jpg", "x.cr2", "a.b.cr2"),
        ("2019/2019-07-14/PXL_1.MP.jpg", "PXL_1.MP", "PXL_1.MP"),
        ("2019/2019-07-14/PXL_1.MP.jpg", "PXL_1.mp4", "PXL_1.mp4"),
        ("2019/2019-07-14/PXL_1_1.MP", "PXL_1.MP.jpg", "PXL_1_1.MP.jpg"),
        ("2019/2019-07-14/PXL_1.MP_1.jpg", "PXL_1.MP", "PXL_1.MP_1.MP"),
    ],
)
def test_the_name_beside_a_half_is_its_stem_and_the_own_ending(
    path: str, name: str, expected: str
) -> None:
    assert pairs.beside(path, name) == expected
