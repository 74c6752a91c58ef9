"""A librarian dies at every instant of a redate that moves; the next one finishes it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import factories
import photos
import redates
import waiting
from factories import Factory
from shared import errors, faults
from shared.database import Database

ROOT = Path(factories.__file__).parent.parent
POINTS = sorted(
    {
        name
        for source in (ROOT / "services/librarian/redating").glob("*.py")
        for name in re.findall(r'faults\.point\("([\w.]+)"\)', source.read_text())
    }
    - {"redate.told"}  # of files that stay
)
NO_LINKS = "publish.link:exdev:0"
PHOTO, OTHER = photos.jpeg(taken="2019:07:14 10:00:00"), photos.jpeg(seed=5)
SIDECAR = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
DAY, NEXT_DAY = "2019/2019-07-14", "2019/2019-07-15"


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    made = factories.make(database, tmp_path)
    made.drop("a.jpg", PHOTO)
    made.drop("a.jpg.xmp", SIDECAR)
    made.file()
    made.file()
    (made.originals / NEXT_DAY).mkdir()
    (made.originals / NEXT_DAY / "a.jpg").write_bytes(OTHER)
    return made


def run_child(factory: Factory, fault: str) -> int:
    """Work off the job in a process of its own; its exit status."""
    url = factory.database.url
    arguments = [url, str(factory.inbox.parent), str(factory.source_id), fault]
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-m", "redates", *arguments],
        env={"PYTHONPATH": paths, "PATH": os.defpath},
        check=False,
        stdout=subprocess.DEVNULL,
        timeout=60,
    ).returncode


def assert_moved_once(factory: Factory) -> None:
    day = factory.originals / NEXT_DAY
    assert factory.names() == [f"{NEXT_DAY}/{n}" for n in ("a.jpg", "a_1.jpg", "a_1.jpg.xmp")]
    assert (day / "a.jpg").read_bytes() == OTHER
    assert (day / "a_1.jpg").read_bytes() == PHOTO
    assert (day / "a_1.jpg.xmp").read_bytes() == SIDECAR
    assert (day / "a_1.jpg").stat().st_nlink == 1
    [asset] = factory.rows("select * from media_assets")
    assert asset.relative_path == f"{NEXT_DAY}/a_1.jpg"
    assert f"{asset.captured_local:%Y-%m-%d}" == "2019-07-15"
    [link] = factory.rows("select * from asset_links")
    assert link.relative_path == f"{NEXT_DAY}/a_1.jpg.xmp"
    assert factory.events("media.asset.moved") == 1
    assert factory.events("media.asset.redated") == 1
    assert not (factory.originals / DAY).exists()


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_instant_a_move_is_finished_by_the_next(factory: Factory, point: str) -> None:
    redates.ask(factory, fix=redates.day_off(1), is_moving=True)

    assert run_child(factory, f"{point}:kill") == -signal.SIGKILL

    waiting.until(lambda: redates.work(factory), what="the job is free and worked off")
    assert_moved_once(factory)


@pytest.mark.parametrize("point", ["move.linked", "move.named", "move.recorded"])
def test_where_links_do_not_work_a_killed_move_is_finished_too(
    factory: Factory, point: str
) -> None:
    redates.ask(factory, fix=redates.day_off(1), is_moving=True)

    assert run_child(factory, f"{NO_LINKS},{point}:kill") == -signal.SIGKILL

    faults.arm(NO_LINKS)
    try:
        waiting.until(lambda: redates.work(factory), what="the job is free and worked off")
    finally:
        faults.arm("")
    assert_moved_once(factory)


@pytest.mark.parametrize("point", ["publish.link:eio", "publish.link:enospc:2"])
def test_a_disk_that_fails_delays_a_move(factory: Factory, point: str) -> None:
    redates.ask(factory, fix=redates.day_off(1), is_moving=True)

    faults.arm(point)
    try:
        with pytest.raises(errors.DependencyError):
            redates.work(factory)
    finally:
        faults.arm("")

    waiting.until(lambda: redates.work(factory), what="the job is free and worked off")
    assert_moved_once(factory)
