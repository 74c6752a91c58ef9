"""A phone that sends its photos by Syncthing, into an inbox that copies and one that empties."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import albums
import books
import photos
from running_suite import LIMIT_S, RunningSuite
from syncthing_pair import Pair
from waiting import until


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with Pair(tmp_path_factory.mktemp("syncthing")) as running:
        yield running


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, pair: Pair) -> Iterator[RunningSuite]:
    """A suite with both folders of the machine as inboxes."""
    shared, outbox = (pair.machine.folder(name) for name in ("shared", "outbox"))
    arguments = (f"--inbox={shared}", f"--inbox={outbox}=move")
    with RunningSuite(tmp_path_factory.mktemp("suite") / "data", *arguments) as running:
        yield running.start()


def send(pair: Pair, folder: str, name: str, content: bytes) -> Path:
    """Put a file on the phone; its path there."""
    path = pair.phone.folder(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    pair.phone.scan(folder)
    return path


def wait_for(suite: RunningSuite, path: str, outcome: str, count: int = 1) -> None:
    """Wait until occurrences at a path of an inbox have that outcome."""
    query = "select count(*) from files where display_path = %s and outcome = %s"
    until(
        lambda: books.number(suite, query, path, outcome) >= count,
        within_s=LIMIT_S,
        what=f"{path} {outcome}",
    )


def noise(seed_size: tuple[int, int]) -> bytes:
    """A JPEG of some megabytes that does not compress."""
    made = io.BytesIO()
    Image.effect_noise(seed_size, 100).save(made, "JPEG", quality=97, exif=photos.exif())
    return made.getvalue()


def originals(suite: RunningSuite) -> list[str]:
    return sorted(books.digests(suite.data / "Storage/Originals").elements())


def test_a_large_file_that_arrives_slowly_is_filed_once_and_whole(
    pair: Pair, suite: RunningSuite
) -> None:
    content = noise((2400, 1600))
    pair.phone.send_at_most(100)
    sent = send(pair, "shared", "slow.jpg", content)
    arriving = pair.machine.folder("shared")
    until(lambda: list(arriving.glob(".syncthing.slow.jpg*")), within_s=LIMIT_S)
    pair.phone.send_at_most(0)

    wait_for(suite, "slow.jpg", "filed")

    assert books.digest(sent) in originals(suite)
    albums.finish(suite)
    met = books.rows(suite, "select display_path from files where display_path like %s", "%slow%")
    assert [row["display_path"] for row in met] == ["slow.jpg"]


def test_what_the_phone_renames_or_deletes_stays_filed_once(
    pair: Pair, suite: RunningSuite
) -> None:
    sent = send(pair, "shared", "Camera/IMG_1.jpg", photos.jpeg(seed=1))
    wait_for(suite, "Camera/IMG_1.jpg", "filed")
    before = originals(suite)

    sent.rename(sent.with_name("Birthday.jpg"))
    pair.phone.scan("shared")
    wait_for(suite, "Camera/Birthday.jpg", "duplicate")
    sent.with_name("Birthday.jpg").unlink()
    pair.phone.scan("shared")
    here = pair.machine.folder("shared") / "Camera/Birthday.jpg"
    until(lambda: not here.exists(), within_s=LIMIT_S)

    albums.finish(suite)
    assert originals(suite) == before


def test_both_sides_of_a_conflict_are_filed(pair: Pair, suite: RunningSuite) -> None:
    on_phone = send(pair, "shared", "IMG_2.jpg", photos.jpeg(seed=2))
    wait_for(suite, "IMG_2.jpg", "filed")

    pair.machine.pause(pair.phone)
    (pair.machine.folder("shared") / "IMG_2.jpg").write_bytes(photos.jpeg(seed=3))
    pair.machine.scan("shared")
    on_phone.write_bytes(photos.jpeg(seed=4))
    pair.phone.scan("shared")
    pair.machine.resume(pair.phone)  # it calls: at once

    conflict = "select count(*) from files where display_path like %s and outcome is not null"
    until(lambda: books.number(suite, conflict, "IMG_2.sync-conflict-%.jpg") >= 1, within_s=LIMIT_S)
    wanted = {books.digest_of(photos.jpeg(seed=seed)) for seed in (2, 3, 4)}
    until(lambda: wanted <= set(originals(suite)), within_s=LIMIT_S)
    albums.finish(suite)


def test_an_emptied_inbox_that_is_reverted_files_nothing_again(
    pair: Pair, suite: RunningSuite
) -> None:
    outbox = pair.machine.folder("outbox")
    names = [f"2024/IMG_{number}.jpg" for number in (5, 6)]
    for name, seed in zip(names, (5, 6), strict=True):
        send(pair, "outbox", name, photos.jpeg(seed=seed))
    for name in names:
        wait_for(suite, name, "filed")
    until(lambda: not books.files_in(outbox), within_s=LIMIT_S)
    assert (outbox / ".stfolder").is_dir()
    before = originals(suite)

    pair.machine.scan("outbox")
    pair.machine.revert("outbox")

    for name in names:
        wait_for(suite, name, "duplicate")
    until(lambda: not books.files_in(outbox), within_s=LIMIT_S)
    albums.finish(suite)
    assert originals(suite) == before
    assert len(list((pair.phone.folder("outbox") / "2024").iterdir())) == 2
