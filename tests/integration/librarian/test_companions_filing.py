"""Sidecars and partners, whatever order they arrive in."""

import itertools
import json
from pathlib import Path

import pytest

import factories
import photos
import redates
from factories import Factory
from librarian import records
from librarian.arrivals import Mode
from shared import ledger
from shared.clock import SystemClock
from shared.database import Database

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 photoshop:DateCreated="2018-03-04T05:06:07"/></rdf:RDF></x:xmpmeta>"""
TAKEOUT = json.dumps(
    {
        "title": "IMG_1.jpg",
        "photoTakenTime": {"timestamp": "1520139967"},
        "geoData": {"latitude": 48.2, "longitude": 16.37, "altitude": 170.0},
    }
).encode()
AAE = b'<?xml version="1.0"?><plist version="1.0"><dict/></plist>'


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


def file_all(factory: Factory) -> None:
    """File until nothing is decided any more; waiting files are tried again at once."""
    while True:
        factory.time_passes()
        if all(outcome.outcome is None for outcome in factory.file()):
            return


@pytest.mark.parametrize("order", [*itertools.permutations(["IMG_1.jpg", "IMG_1.jpg.json"])])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_sidecar_dates_and_places_its_photo_in_any_order(
    factory: Factory, order: tuple[str, ...], *, at_once: bool
) -> None:
    content = {"IMG_1.jpg": photos.jpeg(taken=None), "IMG_1.jpg.json": TAKEOUT}
    for name in order:
        factory.drop(f"album/{name}", content[name])
        if not at_once:
            factory.file()

    file_all(factory)

    assert factory.outcomes() == {
        "album/IMG_1.jpg": "filed",
        "album/IMG_1.jpg.json": "companion",
    }
    [asset] = factory.rows("select * from media_assets")
    assert asset.captured_at.isoformat() == "2018-03-04T05:06:07+00:00"
    assert factory.names() == sorted([asset.relative_path, f"{asset.relative_path}.json"])
    [place] = factory.rows("select * from asset_effective_location")
    assert (place.latitude, place.longitude) == (48.2, 16.37)
    [link] = factory.rows("select * from asset_links")
    assert (link.kind, link.relative_path) == ("takeout", f"{asset.relative_path}.json")
    assert factory.found() == []


def test_a_photo_beside_its_sidecar_is_filed_in_the_folder_of_the_sidecars_date(
    factory: Factory,
) -> None:
    factory.drop("a.jpg", photos.jpeg(taken=None))
    factory.drop("a.xmp", XMP)

    file_all(factory)

    assert factory.names() == ["2018/2018-03-04/a.jpg", "2018/2018-03-04/a.jpg.xmp"]
    assert factory.events("media.asset.redated") == 0


def test_a_sidecar_that_comes_late_has_its_photo_backed_up_again(factory: Factory) -> None:
    factory.drop("a.jpg", photos.jpeg())
    factory.file()
    [asset] = factory.rows("select id from media_assets")
    with factory.database.transaction() as session:
        now = SystemClock().now()
        ledger.complete(session, "backed_up", [ledger.Done(asset.id)], version=1, now=now)
    factory.drop("a.jpg.xmp", XMP)

    file_all(factory)

    assert factory.rows("select is_backed_up from media_assets") == [(False,)]
    assert factory.rows("select * from asset_stages where stage = 'backed_up'") == []


def test_a_sidecar_that_comes_late_redates_its_photo_where_it_is(factory: Factory) -> None:
    factory.drop("a.jpg", photos.jpeg(taken="2019:01:01 12:00:00", modified=None))
    factory.file()
    factory.drop("a.jpg.xmp", XMP)

    file_all(factory)

    [asset] = factory.rows("select * from media_assets")
    assert asset.captured_local.isoformat() == "2018-03-04T05:06:07"
    assert asset.relative_path == "2019/2019-01-01/a.jpg"
    assert asset.revision == 2
    assert factory.events("media.asset.redated") == 1


def test_a_sidecar_without_its_photo_waits(factory: Factory) -> None:
    path = factory.drop("a.xmp", XMP)

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.reason) == (None, "waiting for its photo")
    assert outcome.detail == "a.* in its folder"
    assert path.exists()


def file_on(factory: Factory) -> None:
    """File until nothing is decided any more; what waits is tried again only if it was woken."""
    while any(outcome.outcome for outcome in factory.file()):
        pass


@pytest.mark.parametrize("place", ["a.jpg", "A.JPG", "a-edited.jpg", "a(1).jpg"])
def test_a_waiting_sidecar_is_woken_by_its_photo(factory: Factory, place: str) -> None:
    factory.drop("a.jpg(1).json" if "(1)" in place else "a.jpg.json", TAKEOUT)
    factory.file()
    factory.drop(place, photos.jpeg())

    file_on(factory)

    assert sorted(map(str, factory.outcomes().values())) == ["companion", "filed"]


def test_a_waiting_sidecar_is_woken_by_a_photo_that_is_filed_from_elsewhere(
    factory: Factory,
) -> None:
    factory.drop("here/a.jpg", photos.jpeg(taken=None))
    factory.drop("there/a.jpg.json", TAKEOUT)
    factory.file()
    factory.drop("there/a.jpg", photos.jpeg(taken=None))

    file_on(factory)

    assert factory.outcomes() == {
        "here/a.jpg": "filed",
        "there/a.jpg": "duplicate",
        "there/a.jpg.json": "companion",
    }
    assert dated_by(factory) == ["companion:Takeout:PhotoTakenTime"]


def test_a_sidecar_beside_a_duplicate_is_filed_with_it(factory: Factory) -> None:
    factory.drop("here/a.jpg", photos.jpeg(taken=None))
    factory.file()
    factory.drop("there/a.jpg", photos.jpeg(taken=None))
    factory.drop("there/a.jpg.json", TAKEOUT)

    outcomes = factory.file()

    assert {outcome.outcome for outcome in outcomes} == {"duplicate", "companion"}
    assert dated_by(factory) == ["companion:Takeout:PhotoTakenTime"]


def test_a_version_that_comes_after_the_json_of_its_picture_hears_it(factory: Factory) -> None:
    factory.drop("a.jpg", photos.jpeg(taken=None))
    factory.drop("a.jpg.json", TAKEOUT)
    file_on(factory)
    factory.drop("a-edited.jpg", photos.jpeg(taken=None, seed=2))

    file_on(factory)

    assert dated_by(factory) == ["companion:Takeout:PhotoTakenTime"] * 2


def test_a_duplicate_that_comes_after_the_json_of_another_version_hears_it(
    factory: Factory,
) -> None:
    factory.drop("here/b.jpg", photos.jpeg(taken=None))
    factory.drop("there/a-edited.jpg", photos.jpeg(taken=None, seed=2))
    factory.drop("there/a.jpg.json", TAKEOUT)
    file_on(factory)
    factory.drop("there/a.jpg", photos.jpeg(taken=None))

    file_on(factory)

    assert dated_by(factory) == ["companion:Takeout:PhotoTakenTime"] * 2


def test_the_same_json_in_another_folder_speaks_of_the_versions_there(factory: Factory) -> None:
    factory.drop("here/a.jpg", photos.jpeg(taken=None))
    factory.drop("here/a.jpg.json", TAKEOUT)
    factory.drop("there/a.jpg", photos.jpeg(taken=None))
    factory.drop("there/a-edited.jpg", photos.jpeg(taken=None, seed=2))
    file_on(factory)
    factory.drop("there/a.jpg.json", TAKEOUT)

    file_on(factory)

    assert dated_by(factory) == ["companion:Takeout:PhotoTakenTime"] * 2


def dated_by(factory: Factory) -> list[str]:
    """Where the dates of all photos come from, as the ledger and the folders' records say."""
    in_ledger = factory.rows("select id, captured_at_source as source from media_assets")
    in_records = {
        line.asset_id: line.captured.source
        for path in factory.originals.glob("*/*/.photofactory.jsonl")
        for line in records.parse(path.read_bytes().splitlines())
    }
    assert in_records == {row.id: row.source for row in in_ledger}
    return sorted(row.source for row in in_ledger)


@pytest.mark.parametrize("order", [*itertools.permutations(["a.xmp", "a.jpg.json"])])
def test_the_position_is_that_of_a_persons_sidecar_whichever_came_first(
    factory: Factory, order: tuple[str, ...]
) -> None:
    placed = XMP.replace(
        b" photoshop:DateCreated",
        b' xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="33,51.5S"'
        b' exif:GPSLongitude="151,12.0E" photoshop:DateCreated',
    )
    factory.drop("a.jpg", photos.jpeg(taken=None))
    for name in order:
        factory.drop(name, {"a.xmp": placed, "a.jpg.json": TAKEOUT}[name])
        file_on(factory)

    [place] = factory.rows("select * from asset_effective_location")

    assert (place.latitude, place.longitude) == pytest.approx((-33.858333, 151.2))
    assert redates.preview(factory).changes == []


@pytest.mark.parametrize("damage", [b"cut", None])
@pytest.mark.parametrize("mode", ["move", "copy"])
def test_a_damaged_or_lost_sidecar_is_healed_when_it_arrives_again(
    database: Database, tmp_path: Path, damage: bytes | None, mode: Mode
) -> None:
    factory = factories.make(database, tmp_path, mode)
    for name in ("a.jpg", "again/a.jpg"):
        factory.drop(name, photos.jpeg())
    factory.drop("a.xmp", XMP)
    file_on(factory)
    [filed] = factory.originals.rglob("*.xmp")
    filed.unlink()
    if damage is not None:
        filed.write_bytes(damage)
    factory.change("update media_assets set damage = 'missing'")
    factory.drop("again/a.xmp", XMP)

    file_on(factory)

    [healed] = factory.rows("select reason from files where display_path = 'again/a.xmp'")
    assert (healed.reason, filed.read_bytes()) == ("healed", XMP)
    assert factory.events("media.asset.healed") == 1
    assert factory.rows("select damage from media_assets") == [("missing",)]  # of the photo


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.xmp", XMP[:-40], "not well-formed"),
        ("a.jpg.json", TAKEOUT[:-3], "not well-formed"),
        ("a.jpg.json", TAKEOUT[:-1] + b', "x": ' + b"[" * 100_000 + b"}", "not well-formed"),
        ("a.jpg.json", TAKEOUT + b" " * (8 << 20), "more than 8 MiB are not read"),
        ("a.xmp", XMP + b" " * (8 << 20), "more than 8 MiB are not read"),
    ],
)
def test_a_sidecar_that_cannot_be_read_is_filed_and_named(
    factory: Factory, name: str, content: bytes, why: str
) -> None:
    factory.drop("a.jpg", photos.jpeg())
    factory.drop(name, content)

    file_on(factory)

    [row] = factory.rows("select outcome, reason, detail from files where display_path <> 'a.jpg'")
    assert (row.outcome, row.reason) == ("companion", "not read")
    assert why in row.detail
    assert len(factory.names()) == 2


def test_takeouts_json_is_known_however_long_its_description_is(factory: Factory) -> None:
    told = {"title": "a.jpg", "description": "word " * 5_000, **json.loads(TAKEOUT)}
    factory.drop("a.jpg", photos.jpeg(taken=None))
    factory.drop("a.jpg.json", json.dumps(told).encode())

    file_on(factory)

    assert dated_by(factory) == ["companion:Takeout:PhotoTakenTime"]


def test_a_sidecar_that_arrives_again_is_a_duplicate_and_goes(factory: Factory) -> None:
    for _ in range(2):
        factory.drop("a.jpg", photos.jpeg())
        factory.drop("a.xmp", XMP)
        file_all(factory)

    assert len(factory.names()) == 2
    assert factory.found() == []


def test_several_sidecars_of_one_photo_are_kept_with_their_links_in_the_record(
    factory: Factory,
) -> None:
    factory.drop("a.jpg", photos.jpeg())
    factory.drop("a.xmp", XMP)
    factory.drop("a.aae", AAE)

    file_all(factory)

    assert factory.names() == [f"2018/2018-03-04/a.jpg{end}" for end in ("", ".aae", ".xmp")]
    record_file = factory.originals / "2018/2018-03-04/.photofactory.jsonl"
    record = list(records.parse(record_file.read_bytes().splitlines()))[-1]
    assert {(link.kind, link.name) for link in record.links} == {
        ("aae", "a.jpg.aae"),
        ("xmp", "a.jpg.xmp"),
    }


def test_many_sidecars_of_one_photo_are_told_of_in_a_few_lines(factory: Factory) -> None:
    for number in range(20):
        factory.drop(f"{number}/a.jpg", photos.jpeg())
        factory.drop(f"{number}/a.xmp", XMP + b"\n" * number)

    file_all(factory)

    [record_file] = factory.originals.rglob(".photofactory.jsonl")
    lines = list(records.parse(record_file.read_bytes().splitlines()))
    assert len(lines[-1].links) == 20
    assert len(lines) < 5  # each has all links


def test_a_takeout_album_is_no_companion(factory: Factory) -> None:
    factory.drop("metadata.json", b'{"title": "Holiday", "access": "protected"}')

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.reason) == ("ignored", "takeout album")


@pytest.mark.parametrize("order", [*itertools.permutations(["IMG_1.HEIC", "IMG_1.MOV"])])
def test_a_live_photo_is_linked_in_any_order(factory: Factory, order: tuple[str, ...]) -> None:
    content = {"IMG_1.HEIC": photos.heic(), "IMG_1.MOV": photos.video(kind="mov")}
    for name in order:
        factory.drop(name, content[name])
        factory.file()

    [link] = factory.rows(
        "select l.kind, a.original_name as picture, o.original_name as video from asset_links l"
        " join media_assets a on a.id = l.asset_id join media_assets o on o.id = l.linked_asset_id"
    )
    assert (link.kind, link.picture, link.video) == ("live_photo", "IMG_1.HEIC", "IMG_1.MOV")


def test_the_whole_picture_is_linked_with_the_cut_one(factory: Factory) -> None:
    whole = photos.jpeg(size=(400, 300))
    factory.drop("a.jpg", whole[:-300])
    factory.file()
    factory.drop("again/a.jpg", whole)
    factory.drop("other/a.jpg", photos.jpeg(size=(400, 300), seed=4))

    factory.file()

    [link] = factory.rows(
        "select l.kind, a.damage, o.size_bytes from asset_links l"
        " join media_assets a on a.id = l.asset_id join media_assets o on o.id = l.linked_asset_id"
    )
    assert (link.kind, link.damage, link.size_bytes) == ("complete", "truncated", len(whole))
