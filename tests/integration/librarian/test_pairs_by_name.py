"""Without one identifier two halves are a pair by name and folder, unless something contradicts."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

import factories
import photos
import redates
from factories import Factory
from shared.database import Database

DAY, NEXT_DAY = "2019/2019-07-14", "2019/2019-07-15"
VIENNA = (48.2, 16.37)

LIVE = {
    "IMG_1.HEIC": photos.heic(taken="2019:07:14 23:59:59", offset="+02:00", gps=VIENNA),
    "IMG_1.MOV": photos.video(kind="mov", taken=None),
}
TAKEOUT = {  # the video lost its identifier on the way
    "IMG_1.HEIC": photos.heic(taken="2019:07:14 23:59:59", offset="+02:00", live_photo_id="X"),
    "IMG_1.MP4": photos.video(taken="2019-07-14T22:00:01Z"),
}
MOTION = {
    "PXL_1.MP.jpg": photos.jpeg(taken="2019:07:14 23:59:59"),
    "PXL_1.MP": photos.video(taken="2019-07-14T21:00:02Z"),
}
RAW = {
    "DSC_1.JPG": photos.jpeg(taken=None, gps=VIENNA),
    "DSC_1.NEF": photos.tiff(taken="2019:07:14 12:00:00"),
}


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


def arrive(factory: Factory, contents: dict[str, bytes], *, at_once: bool = True) -> None:
    """File all, in one batch or months apart, and work off what that asks for."""
    for name, content in contents.items():
        factory.drop(name, content)
        if not at_once:
            factory.file()
            factory.change(
                "update media_assets set ingested_at = ingested_at - interval '3 months'"
            )
            factory.change("update files set first_seen_at = first_seen_at - interval '3 months'")
    factory.file()
    redates.work(factory)


def by_name(factory: Factory, column: str) -> dict[str, Any]:
    """A column of every asset by its received name."""
    rows = factory.rows(f"select original_name, {column} as it from media_assets")
    return {row.original_name: row.it for row in rows}


def links(factory: Factory) -> list[tuple[str, str, str, str]]:
    rows = factory.rows(
        "select l.kind, l.evidence, a.original_name as picture, o.original_name as partner"
        " from asset_links l join media_assets a on a.id = l.asset_id"
        " join media_assets o on o.id = l.linked_asset_id order by 1, 3, 4"
    )
    return [(row.kind, row.evidence, row.picture, row.partner) for row in rows]


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("contents", "kind", "evidence"),
    [
        (LIVE, "live_photo", "name and folder"),
        (TAKEOUT, "live_photo", "name and moment"),
        (MOTION, "motion_photo", "name and moment"),
        (RAW, "raw_jpeg", "name and folder"),
    ],
    ids=["live", "takeout", "motion", "raw"],
)
def test_the_halves_stand_together_in_whatever_order_and_however_late_they_come(
    factory: Factory,
    contents: dict[str, bytes],
    kind: str,
    evidence: str,
    *,
    at_once: bool,
    is_reversed: bool,
) -> None:
    picture, partner = contents
    order = dict(reversed(contents.items())) if is_reversed else contents

    arrive(factory, {f"DCIM/{name}": content for name, content in order.items()}, at_once=at_once)

    folders = {path.rpartition("/")[0] for path in by_name(factory, "relative_path").values()}
    assert len(folders) == 1
    assert [Path(name).name for name in factory.names()] == sorted(contents)
    assert links(factory) == [(kind, evidence, picture, partner)]


@pytest.mark.parametrize("order", [*itertools.permutations(LIVE)])
def test_a_half_without_date_and_position_has_those_of_the_other(
    factory: Factory, order: tuple[str, ...]
) -> None:
    arrive(factory, {name: LIVE[name] for name in order}, at_once=False)

    assert factory.names() == [f"{DAY}/IMG_1.HEIC", f"{DAY}/IMG_1.MOV"]
    assert by_name(factory, "utc_offset_minutes") == dict.fromkeys(LIVE, 120)
    assert len(set(by_name(factory, "captured_local").values())) == 1
    [place] = factory.rows("select latitude, longitude, source from asset_locations")
    assert place == (*VIENNA, "companion:live_photo")
    assert redates.preview(factory).changes == []


def test_a_video_has_the_zone_of_its_picture(factory: Factory) -> None:
    arrive(factory, TAKEOUT)

    walls = {name: f"{it:%d %H:%M:%S}" for name, it in by_name(factory, "captured_local").items()}
    assert walls == {"IMG_1.HEIC": "14 23:59:59", "IMG_1.MP4": "15 00:00:01"}
    assert factory.names() == [f"{DAY}/IMG_1.HEIC", f"{DAY}/IMG_1.MP4"]


@pytest.mark.parametrize(
    "contents",
    [
        {"a/IMG_1.HEIC": LIVE["IMG_1.HEIC"], "b/IMG_1.MOV": photos.video(kind="mov")},
        {"IMG_1.HEIC": LIVE["IMG_1.HEIC"], "IMG_1.MOV": photos.video(kind="mov")},
        {"IMG_1.HEIC": LIVE["IMG_1.HEIC"],
         "IMG_1.MOV": photos.video(kind="mov", taken=None, frames=70)},
        {"IMG_1.HEIC": TAKEOUT["IMG_1.HEIC"],
         "IMG_1.MOV": photos.video(kind="mov", taken="2019-07-14T22:00:01Z",
                                   tags={"com.apple.quicktime.content.identifier": "Y"})},
        {"DSC_1.JPG": photos.jpeg(taken="2019:07:14 12:00:01"), "DSC_1.NEF": RAW["DSC_1.NEF"]},
    ],
    ids=["other folder", "other date", "long video", "other identifier", "other second"],
)  # fmt: skip
@pytest.mark.parametrize("is_reversed", [False, True])
def test_what_contradicts_is_no_pair(
    factory: Factory, contents: dict[str, bytes], *, is_reversed: bool
) -> None:
    arrive(factory, dict(reversed(contents.items())) if is_reversed else contents, at_once=False)

    assert links(factory) == []
    assert factory.events("media.asset.moved") == 0


def test_a_number_that_a_camera_used_again_makes_no_pair(factory: Factory) -> None:
    arrive(factory, {"IMG_1.JPG": photos.jpeg(taken="2018:01:01 12:00:00")})
    later = {
        "IMG_1.JPG": photos.jpeg(taken="2019:07:14 12:00:00", seed=2),
        "IMG_1.MOV": photos.video(kind="mov", taken="2019-07-14T10:00:01Z"),
    }

    arrive(factory, later)

    assert factory.names() == ["2018/2018-01-01/IMG_1.JPG", f"{DAY}/IMG_1.JPG", f"{DAY}/IMG_1.MOV"]
    assert len(links(factory)) == 1


def test_a_video_finds_its_picture_that_was_there_before_and_came_again(factory: Factory) -> None:
    arrive(factory, {"phone/IMG_1.HEIC": LIVE["IMG_1.HEIC"]})
    arrive(factory, {"Takeout/img_1.HEIC": LIVE["IMG_1.HEIC"]})

    arrive(factory, {"Takeout/IMG_1.MOV": LIVE["IMG_1.MOV"]})

    assert factory.names() == [f"{DAY}/IMG_1.HEIC", f"{DAY}/IMG_1.MOV"]


def test_one_picture_may_have_a_raw_file_and_a_video(factory: Factory) -> None:
    picture = photos.jpeg(taken=None)
    contents = {"A_1.MOV": photos.video(kind="mov", taken=None), "A_1.JPG": picture}

    arrive(factory, {**contents, "A_1.DNG": photos.tiff(taken="2019:07:14 12:00:00")})

    assert factory.names() == [f"{DAY}/A_1.{kind}" for kind in ("DNG", "JPG", "MOV")]


def test_a_video_with_json_of_its_own_stands_beside_its_picture(factory: Factory) -> None:
    said = json.dumps({"title": "IMG_1.HEIC", "photoTakenTime": {"timestamp": "1563141599"}})
    contents = {**LIVE, "IMG_1.HEIC.supplemental-metadata.json": said.encode()}

    arrive(factory, contents)

    assert [Path(name).name for name in factory.names() if name.endswith("MOV")] == ["IMG_1.MOV"]
    assert {Path(name).parent.name for name in factory.names()} == {"2019-07-14"}


def test_a_date_that_a_person_set_is_kept(factory: Factory) -> None:
    arrive(factory, {"IMG_1.MOV": LIVE["IMG_1.MOV"]})
    factory.change('update asset_dates set override = \'{"kind": "manual"}\'')
    before = by_name(factory, "captured_local")["IMG_1.MOV"]

    arrive(factory, {"IMG_1.HEIC": LIVE["IMG_1.HEIC"]})

    assert by_name(factory, "captured_local")["IMG_1.MOV"] == before
    assert factory.names() == [f"{DAY}/IMG_1.HEIC", f"{DAY}/IMG_1.MOV"]


def test_a_half_keeps_a_date_of_its_own_that_weighs_as_much(factory: Factory) -> None:
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        ' photoshop:DateCreated="2019-07-14T12:00:03"/></rdf:RDF></x:xmpmeta>'
    )
    contents = {
        "IMG_1.JPG": photos.jpeg(taken=None, xmp=xmp),
        "IMG_1.MOV": photos.video(kind="mov", taken="2019-07-14T10:00:00Z"),
    }

    arrive(factory, contents)

    assert links(factory) == [("live_photo", "name and moment", "IMG_1.JPG", "IMG_1.MOV")]
    assert f"{by_name(factory, 'captured_local')['IMG_1.JPG']:%H:%M:%S}" == "12:00:03"


def test_a_link_of_an_older_version_by_name_alone_moves_nothing(factory: Factory) -> None:
    arrive(factory, {"a/IMG_1.HEIC": LIVE["IMG_1.HEIC"], "b/IMG_1.MOV": photos.video(kind="mov")})
    factory.change(
        "insert into asset_links (asset_id, kind, linked_asset_id, evidence)"
        " select a.id, 'live_photo', b.id, 'name' from media_assets a, media_assets b"
        " where a.media_type = 'image' and b.media_type = 'video'"
    )

    redates.ask(factory, ["source=EXIF:*"], redates.day_off(1), is_moving=True)
    redates.work(factory)

    assert factory.names() == [f"{NEXT_DAY}/IMG_1.HEIC", "2023/2023-07-01/IMG_1.MOV"]
