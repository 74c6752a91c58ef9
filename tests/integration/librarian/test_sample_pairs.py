"""The pairs among real photos: of phones in two files, of an iPhone; and none where none are."""

import os
from pathlib import Path

import pytest

import factories
import redates
from factories import Factory
from samples import Samples
from shared.database import Database


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


def arrive(factory: Factory, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        factory.drop(name, content)
        factory.file()
    redates.work(factory)


def links(factory: Factory) -> list[tuple[str, str, str, str]]:
    rows = factory.rows(
        "select l.kind, l.evidence, a.original_name as picture, o.original_name as partner"
        " from asset_links l join media_assets a on a.id = l.asset_id"
        " join media_assets o on o.id = l.linked_asset_id order by 1, 3, 4"
    )
    return [(row.kind, row.evidence, row.picture, row.partner) for row in rows]


@pytest.mark.parametrize("folder", ["live-photo", "motion-photo", "raw", "takeout"])
def test_only_the_live_photo_is_a_pair_of_the_samples(
    factory: Factory, samples: Samples, folder: str
) -> None:
    for path in sorted((samples.folder / folder).rglob("*")):
        if path.is_file():
            factory.drop(os.fspath(path.relative_to(samples.folder)), path.read_bytes())
    factory.file()

    live = ("live_photo", "content identifier", "IMG_3589.HEIC", "IMG_3589.mov")
    assert links(factory) == ([live] if folder == "live-photo" else [])


@pytest.mark.parametrize(
    ("sample", "names"),
    [
        ("PXL_20200710_061629144.MP.jpg", ("PXL_20200710_061629144.MP.jpg",
                                           "PXL_20200710_061629144.MP")),
        ("PXL_20200710_061629144.MP.jpg", ("PXL_20200710_061629144.MP.jpg",
                                           "PXL_20200710_061629144.mp4")),
        ("derived/MVIMG_20220203_040506.jpg", ("MVIMG_20220203_040506.jpg",
                                               "MVIMG_20220203_040506.mp4")),
        ("samsung-one-ui-6.heic", ("20240112_213853.heic", "20240112_213853.mp4")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_motion_photo_in_two_files_stands_together(
    factory: Factory, samples: Samples, sample: str, names: tuple[str, str], *, is_reversed: bool
) -> None:
    whole = (samples.folder / "motion-photo" / sample).read_bytes()
    start = whole.rindex(b"ftyp", 100) - 4
    contents = [(names[0], whole[:start]), (names[1], whole[start:])]

    arrive(factory, dict(reversed(contents) if is_reversed else contents))

    assert [Path(name).name for name in factory.names()] == sorted(names)
    assert len({Path(name).parent for name in factory.names()}) == 1
    [(_, _, picture, partner)] = links(factory)
    assert (picture, partner) == names


def test_a_live_photo_whose_video_lost_its_identifier_is_a_pair(
    factory: Factory, samples: Samples
) -> None:
    folder = samples.folder / "live-photo"
    video = (folder / "IMG_3589.mov").read_bytes()
    stripped = video.replace(b"com.apple.quicktime.content.identifier",
                             b"com.apple.quicktime.kontent.identifier")  # fmt: skip

    arrive(factory, {"IMG_3589.MP4": stripped,
                     "IMG_3589.HEIC": (folder / "IMG_3589.HEIC").read_bytes()})  # fmt: skip

    assert links(factory) == [("live_photo", "name and moment", "IMG_3589.HEIC", "IMG_3589.MP4")]
    assert len({Path(name).parent for name in factory.names()}) == 1
