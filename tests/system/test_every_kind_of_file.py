"""Whatever people drop, every file ends with an outcome that balances, and nothing hangs."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import albums
import books
import photos
from running_suite import LIMIT_S, RunningSuite, photofactory
from samples import Samples
from waiting import until

MANY = 2_000
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>'


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSuite]:
    """One running suite for all tests of this module."""
    with RunningSuite(tmp_path_factory.mktemp("kinds") / "data") as running:
        yield running.start()


def make_one_of_each(folder: Path) -> Counter[str]:
    """A file of every kind in `folder`; how many of them should end how."""
    folder.mkdir()
    berlin = (52.52, 13.405)
    photos.jpeg(folder / "jpeg.jpg", seed=9001, gps=berlin)
    photos.png(folder / "png.png", seed=9002, gps=(-33.86, 151.2))
    photos.webp(folder / "webp.webp", seed=9003)
    photos.tiff(folder / "tiff.tif", seed=9004)
    photos.heic(folder / "heic.heic", seed=9005, orientation=6)
    photos.avif(folder / "avif.avif", seed=9006)
    photos.gif(folder / "gif.gif", seed=9007)
    photos.video(folder / "video.mp4", seed=9008)
    photos.jpeg(folder / "jpeg named as.png", seed=9009)
    photos.jpeg(folder / "Überraschung \N{PARTY POPPER} 'quoted' %41.jpg", seed=9010)
    (folder / "truncated.jpg").write_bytes(photos.jpeg(seed=9011, size=(400, 300))[:-2000])
    (folder / "the same again.jpg").write_bytes((folder / "jpeg.jpg").read_bytes())
    (folder / "jpeg.jpg.xmp").write_text(XMP)
    (folder / "empty.jpg").touch()
    (folder / "notes.txt").write_text("milk, bread")
    (folder / ".syncthing.half.jpg.tmp").write_bytes(b"\xff\xd8\xff")
    return Counter(filed=11, duplicate=1, companion=1, quarantined=2)


def test_one_of_each_kind_ends_as_it_should(suite: RunningSuite, tmp_path: Path) -> None:
    expected = make_one_of_each(tmp_path / "kinds")
    before = books.outcomes(suite)

    shutil.copytree(tmp_path / "kinds", suite.data / "Photos_Inbox/kinds")
    albums.finish(suite)

    assert books.outcomes(suite) - before == expected
    no_place = (
        "select original_name from media_assets where location is not null and not is_geocoded"
    )
    assert books.rows(suite, no_place) == []


HIDDEN = {".syncthing.half.jpg.tmp"}


def left_in(suite: RunningSuite, folder: str) -> set[str]:
    return set(books.files_in(suite.data / "Photos_Inbox" / folder))


def test_real_photos_dropped_and_ingested_all_end_with_an_outcome(
    suite: RunningSuite, samples: Samples
) -> None:
    count = len(books.files_in(samples.folder))
    before = books.outcomes(suite)

    shutil.copytree(samples.folder, suite.data / "Photos_Inbox/samples")
    albums.finish(suite)
    met = books.outcomes(suite) - before
    hidden = [path for path in left_in(suite, "samples") if Path(path).name.startswith(".")]
    assert met.total() + len(hidden) == count

    taken = photofactory("ingest", "--data", str(suite.data), str(samples.folder))
    albums.finish(suite)
    balance = taken.stdout.splitlines()[0]
    counted = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", balance)}
    assert counted.pop("files") == sum(counted.values()) == count
    # a sidecar that still waited for its photo may have been filed meanwhile
    assert counted.keys() <= {"companion", "duplicate", "ignored", "quarantined", "waiting"}
    assert counted["duplicate"] >= met["filed"] + met["duplicate"] + met["companion"]
    assert counted["quarantined"] == met["quarantined"]


def test_thousands_of_files_dropped_at_once_are_all_filed(suite: RunningSuite) -> None:
    before = albums.filed(suite)

    albums.make(suite.data / "Photos_Inbox/thousands", range(MANY))
    albums.wait_until_filed(suite, before + MANY)
    albums.finish(suite)

    assert albums.filed(suite) == before + MANY
    emptied = suite.data / "Photos_Inbox/thousands"
    until(lambda: not emptied.exists(), within_s=LIMIT_S)
