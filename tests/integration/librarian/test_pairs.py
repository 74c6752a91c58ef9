"""Live Photos and RAW with JPEG stand together, whatever comes first and however late the other."""

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import factories
import photos
import redates
import waiting
from factories import Factory
from librarian import records
from librarian.repository import pairs
from shared.database import Database

APPLE = "com.apple.quicktime."
IDENTIFIER = "1EA799FF-8384-4BC4-87AA-139A814D9125"
DAY, NEXT_DAY = "2019/2019-07-14", "2019/2019-07-15"
VIENNA = (48.2, 16.37)


def picture(**metadata: object) -> bytes:
    """The still of a Live Photo."""
    values = {"taken": "2019:07:14 23:59:59", "offset": "+02:00", **metadata}
    return photos.heic(live_photo_id=IDENTIFIER, **values)  # type: ignore[arg-type]


def video(taken: str | None = "2019-07-15T00:00:01+0200", place: str | None = None) -> bytes:
    """The video of a Live Photo; by default of the next day, by two seconds."""
    tags = {f"{APPLE}content.identifier": IDENTIFIER}
    tags |= {f"{APPLE}creationdate": taken} if taken else {}
    tags |= {f"{APPLE}location.ISO6709": place} if place else {}
    return photos.video(kind="mov", taken=None, tags=tags)


STRANGER = photos.heic(taken="2019:07:14 12:00:00", seed=9)
ORDERS = [*itertools.permutations(["IMG_1.HEIC", "IMG_1.MOV"])]


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


def arrive(factory: Factory, contents: dict[str, bytes], *, at_once: bool) -> None:
    """File all, in one batch or one by one, and work off what that asks for."""
    for name, content in contents.items():
        factory.drop(name, content)
        if not at_once:
            factory.file()
    factory.file()
    redates.work(factory)


def paths(factory: Factory) -> dict[str, str]:
    """The path of every asset by its received name."""
    rows = factory.rows("select original_name, relative_path from media_assets")
    return {row.original_name: row.relative_path for row in rows}


def dates(factory: Factory) -> dict[str, str]:
    rows = factory.rows("select original_name, captured_local from media_assets")
    return {row.original_name: f"{row.captured_local:%Y-%m-%d %H:%M:%S}" for row in rows}


def record_of(factory: Factory, path: str) -> records.Record:
    folder, _, name = path.rpartition("/")
    with (factory.originals / folder / records.NAME.decode()).open("rb") as lines:
        newest = {each.asset_id: each for each in records.parse(lines)}
    [found] = [each for each in newest.values() if each.name == name]
    return found


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_video_of_a_live_photo_stands_beside_the_picture(
    factory: Factory, order: tuple[str, ...], *, at_once: bool
) -> None:
    contents = {"IMG_1.HEIC": picture(), "IMG_1.MOV": video()}

    arrive(factory, {name: contents[name] for name in order}, at_once=at_once)

    assert factory.names() == [f"{DAY}/IMG_1.HEIC", f"{DAY}/IMG_1.MOV"]
    assert paths(factory) == {name: f"{DAY}/{name}" for name in contents}
    for name, content in contents.items():
        assert (factory.originals / DAY / name).read_bytes() == content
    [link] = factory.rows("select kind, evidence from asset_links")
    assert link == ("live_photo", "content identifier")
    [told] = record_of(factory, f"{DAY}/IMG_1.HEIC").links
    assert (told.kind, told.evidence) == ("live_photo", "content identifier")
    assert record_of(factory, f"{DAY}/IMG_1.MOV").companions
    assert not (factory.originals / NEXT_DAY).exists()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_later_half_takes_the_name_of_the_earlier_one(
    factory: Factory, order: tuple[str, ...], *, at_once: bool
) -> None:
    arrive(factory, {"IMG_1.HEIC": STRANGER}, at_once=True)
    contents = {"IMG_1.HEIC": picture(), "IMG_1.MOV": video()}

    arrive(factory, {f"new/{name}": contents[name] for name in order}, at_once=at_once)

    assert factory.names() == [f"{DAY}/{n}" for n in ("IMG_1.HEIC", "IMG_1_1.HEIC", "IMG_1_1.MOV")]
    assert (factory.originals / DAY / "IMG_1.HEIC").read_bytes() == STRANGER


def test_a_picture_takes_the_name_that_its_video_got(factory: Factory) -> None:
    arrive(factory, {"IMG_1.MOV": photos.video(kind="mov", taken="2019-07-14T10:00:00Z")},
           at_once=True)  # fmt: skip
    contents = {"a/IMG_1.MOV": video("2019-07-14T23:59:58+0200"), "b/IMG_1.HEIC": picture()}

    arrive(factory, contents, at_once=False)

    assert factory.names() == [f"{DAY}/{n}" for n in ("IMG_1.MOV", "IMG_1_1.HEIC", "IMG_1_1.MOV")]
    assert factory.events("media.asset.moved") == 0


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_video_without_date_and_position_has_those_of_its_picture(
    factory: Factory, order: tuple[str, ...], *, at_once: bool
) -> None:
    contents = {"IMG_1.HEIC": picture(gps=VIENNA), "IMG_1.MOV": video(taken=None)}

    arrive(factory, {name: contents[name] for name in order}, at_once=at_once)

    assert factory.names() == [f"{DAY}/IMG_1.HEIC", f"{DAY}/IMG_1.MOV"]
    assert dates(factory) == dict.fromkeys(contents, "2019-07-14 23:59:59")
    [moving] = factory.rows(
        "select a.captured_at_source, a.utc_offset_minutes from media_assets a"
        " where original_name = 'IMG_1.MOV'"
    )
    assert moving == ("companion:Partner:DateTimeOriginal", 120)
    [place] = factory.rows("select latitude, longitude, source from asset_locations")
    assert place == (*VIENNA, "companion:live_photo")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_picture_without_date_and_position_has_those_of_its_video(
    factory: Factory, order: tuple[str, ...], *, at_once: bool
) -> None:
    contents = {
        "IMG_1.HEIC": picture(taken=None),
        "IMG_1.MOV": video(place="+48.2000+016.3700+000.000/"),
    }

    arrive(factory, {name: contents[name] for name in order}, at_once=at_once)

    assert dates(factory) == dict.fromkeys(contents, "2019-07-15 00:00:01")
    folders = {path.rpartition("/")[0] for path in paths(factory).values()}
    assert len(folders) == 1
    [place] = factory.rows("select latitude, longitude, source from asset_locations")
    assert place == (*VIENNA, "companion:live_photo")


def test_a_video_with_a_date_keeps_it(factory: Factory) -> None:
    arrive(factory, {"IMG_1.HEIC": picture(), "IMG_1.MOV": video()}, at_once=False)

    assert dates(factory)["IMG_1.MOV"] == "2019-07-15 00:00:01"
    assert factory.events("media.asset.redated") == 0


def test_a_live_photo_that_was_edited_keeps_its_names(factory: Factory) -> None:
    contents = {
        "IMG_E1.HEIC": picture(seed=2),
        "IMG_1.MOV": video(),
        "IMG_1.HEIC": picture(),
    }

    arrive(factory, contents, at_once=True)

    assert factory.names() == sorted(f"{DAY}/{name}" for name in contents)


@pytest.mark.parametrize("order", [*itertools.permutations(["DSC_1.JPG", "DSC_1.NEF"])])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_raw_file_has_the_name_and_the_position_of_its_jpeg(
    factory: Factory, order: tuple[str, ...], *, at_once: bool
) -> None:
    arrive(factory, {"DSC_1.JPG": photos.jpeg(taken="2019:07:14 09:00:00", seed=7)}, at_once=True)
    contents = {
        "DSC_1.JPG": photos.jpeg(taken="2019:07:14 10:00:00", subsec="50", gps=VIENNA),
        "DSC_1.NEF": photos.tiff(taken="2019:07:14 10:00:00"),
    }

    arrive(factory, {f"card/{name}": contents[name] for name in order}, at_once=at_once)

    names = {name: (factory.originals / paths_of(factory, name)) for name in contents}
    assert {path.stem for path in names.values()} == {names["DSC_1.JPG"].stem}
    assert {path.parent for path in names.values()} == {factory.originals / DAY}
    [link] = factory.rows("select kind, evidence from asset_links")
    assert link == ("raw_jpeg", "name and moment")
    [place] = factory.rows("select latitude, longitude, source from asset_locations")
    assert place == (*VIENNA, "companion:raw_jpeg")


def test_of_several_partners_those_that_can_stand_better_are_named(factory: Factory) -> None:
    for number in (1, 2, 3, 4):
        factory.drop(f"DSC_{number}.JPG", photos.jpeg(taken="2019:07:14 10:00:00", seed=number))
        factory.drop(f"DSC_{number}.NEF", photos.tiff(taken="2019:07:14 10:00:00", seed=number))
    factory.file()
    repath(factory, "DSC_2.NEF", f"{NEXT_DAY}/DSC_2.NEF")
    repath(factory, "DSC_3.NEF", f"{DAY}/DSC_3_1.NEF")
    repath(factory, "DSC_4.NEF", f"{DAY}/DSC_4_1.NEF")
    factory.drop("STRANGER.HEIC", STRANGER)
    factory.file()
    repath(factory, "STRANGER.HEIC", f"{DAY}/DSC_4.NEF")

    rows = factory.rows("select id, original_name as name from media_assets")
    with factory.database.read() as session:
        found = pairs.paths_beside(session, [row.id for row in rows])

    names = {row.id: row.name for row in rows}
    assert {names[each]: path for each, path in found.items()} == {
        name: f"{DAY}/{name}" for name in ("DSC_2.NEF", "DSC_3.NEF")
    }


def repath(factory: Factory, name: str, path: str) -> None:
    """Have the ledger say that a photo is at another path."""
    factory.change(
        f"update media_assets set relative_path = '{path}', path_key = lower('{path}')"
        f" where original_name = '{name}'"
    )


def paths_of(factory: Factory, name: str) -> str:
    """The path of what came from the card."""
    [row] = factory.rows(
        "select relative_path from media_assets where original_path like :end",
        end=f"%/card/{name}",
    )
    return str(row.relative_path)


@pytest.mark.parametrize(
    "other",
    [
        {"card/DSC_1.NEF": photos.tiff(taken="2019:07:15 10:00:00")},
        {"other/DSC_1.NEF": photos.tiff(taken="2019:07:14 10:00:00")},
        {"card/DSC_2.NEF": photos.tiff(taken="2019:07:14 10:00:00")},
    ],
)
def test_raw_files_of_other_moments_folders_or_names_are_filed_by_themselves(
    factory: Factory, other: dict[str, bytes]
) -> None:
    arrive(factory, {"DSC_1.JPG": photos.jpeg(taken="2019:07:14 09:00:00", seed=7)}, at_once=True)

    arrive(factory, {"card/DSC_1.JPG": photos.jpeg(taken="2019:07:14 10:00:00")}, at_once=True)
    arrive(factory, other, at_once=True)

    [name] = [name for name in factory.names() if name.endswith(".NEF")]
    assert Path(name).name in {Path(path).name for path in other}
    assert factory.rows("select id from asset_links") == []


def test_a_partner_moves_with_its_picture_and_back(factory: Factory) -> None:
    contents = {"IMG_1.HEIC": picture(make="Apple", model="iPhone"), "IMG_1.MOV": video()}
    arrive(factory, {"IMG_1.HEIC": photos.heic(taken="2019:07:16 12:00:00", seed=9)}, at_once=True)
    arrive(factory, {f"new/{name}": content for name, content in contents.items()}, at_once=False)
    before = factory.names()
    assert redates.preview(factory, is_moving=True).changes == []
    shown = redates.preview(factory, ["camera=apple*"], redates.day_off(2), is_moving=True)
    assert [(each.relative_path, each.folder) for each in shown.followers] == [
        (f"{DAY}/IMG_1.MOV", "2019/2019-07-16")
    ]

    job_id = redates.ask(factory, ["camera=apple*"], redates.day_off(2), is_moving=True)
    redates.work(factory)

    names = ("IMG_1.HEIC", "IMG_1_1.HEIC", "IMG_1_1.MOV")
    assert factory.names() == [f"2019/2019-07-16/{name}" for name in names]
    assert [row.reason for row in moves(factory)] == ["redated", "paired"]

    redates.undo(factory, job_id)
    redates.work(factory)

    assert factory.names() == before


def moves(factory: Factory) -> list[Any]:
    return factory.rows(
        "select data ->> 'reason' as reason from event_log where topic = 'media.asset.moved'"
        " order by id"
    )


def run_child(factory: Factory, module: str, fault: str) -> int:
    """Go on in a process of its own; its exit status."""
    arguments = [factory.database.url, str(factory.inbox.parent), str(factory.source_id), fault]
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PATH": os.defpath},
        check=False,
        stdout=subprocess.DEVNULL,
        timeout=60,
    ).returncode


def settle(factory: Factory) -> None:
    """Go on like the next librarian until nothing is left to do."""

    def is_settled() -> bool:
        factory.file()
        redates.work(factory)
        open_jobs = factory.rows("select id from jobs where state in ('pending', 'running')")
        return not (open_jobs or factory.found() or factory.rows("select id from filings"))

    waiting.until(is_settled, what="everything is filed and moved")


@pytest.mark.parametrize(
    "fault",
    [
        "filing.published:kill",
        "filing.recording:kill",
        "filing.recorded:kill",
    ],
)
@pytest.mark.parametrize("order", ORDERS)
def test_killed_while_the_later_half_is_filed_the_pair_comes_together(
    factory: Factory, order: tuple[str, ...], fault: str
) -> None:
    contents = {"IMG_1.HEIC": picture(), "IMG_1.MOV": video()}
    factory.drop(order[0], contents[order[0]])
    factory.file()
    factory.drop(order[1], contents[order[1]])

    assert run_child(factory, "filing_child", fault) == -signal.SIGKILL
    settle(factory)

    assert factory.names() == [f"{DAY}/IMG_1.HEIC", f"{DAY}/IMG_1.MOV"]
    assert paths(factory) == {name: f"{DAY}/{name}" for name in contents}
    assert len(factory.rows("select id from asset_links")) == 1
    assert factory.events("media.asset.ingested") == 2


def test_killed_between_the_halves_of_a_batch_the_pair_comes_together(factory: Factory) -> None:
    for name, content in {"IMG_1.HEIC": picture(), "IMG_1.MOV": video()}.items():
        factory.drop(name, content)

    assert run_child(factory, "filing_child", "filing.published:kill:2") == -signal.SIGKILL
    settle(factory)

    assert factory.names() == [f"{DAY}/IMG_1.HEIC", f"{DAY}/IMG_1.MOV"]
    assert len(factory.rows("select id from asset_links")) == 1


@pytest.mark.parametrize("point", ["move.reserved", "move.named", "move.recorded"])
def test_killed_while_a_partner_is_brought_it_is_finished_by_the_next(
    factory: Factory, point: str
) -> None:
    for name, content in {"IMG_1.MOV": video(), "IMG_1.HEIC": picture()}.items():
        factory.drop(name, content)
        factory.file()

    assert run_child(factory, "redates", f"{point}:kill") == -signal.SIGKILL
    settle(factory)

    assert factory.names() == [f"{DAY}/IMG_1.HEIC", f"{DAY}/IMG_1.MOV"]
    assert (factory.originals / DAY / "IMG_1.MOV").stat().st_nlink == 1
    assert factory.events("media.asset.moved") == 1
