"""Files photos while its disk is unmounted for real, in a mount namespace of its own.

Run as ``unshare --mount python -m unmount_child URL FOLDER POINT``; prints nothing and ends with 0
when nothing was lost, doubled or marked.
"""

import subprocess
import sys
from pathlib import Path

import factories
import photos
import unmounting
import waiting
from factories import Factory
from hand_clock import HandClock
from librarian.watch import Watch
from shared.database import Database
from shared.errors import DependencyError

FIRST = photos.jpeg(taken="2019:07:14 10:00:00", seed=1)
SECOND = photos.jpeg(taken="2019:07:14 11:00:00", seed=2)


def fill(factory: Factory) -> None:
    """A photo, the same again, and another of its name."""
    factory.drop("x/a.jpg", FIRST)
    factory.drop("x/b.jpg", FIRST)
    factory.drop("y/a.jpg", SECOND)


def unmount_while_filing(factory: Factory, disk: unmounting.Disk, point: str) -> None:
    """Lose the disk at a point of filing, find nothing written in its place, and go on."""
    with unmounting.At(point, disk.unmount) as instant:
        try:
            factory.file()
        except DependencyError:
            assert instant.has_happened
    assert instant.has_happened
    try:
        factory.file()
    except DependencyError:
        pass
    else:
        raise AssertionError("it was filed without its disk")
    look_around(factory, "originals")
    disk.mount()
    waiting.until(lambda: is_settled(factory), what="everything is decided")


def look_around(factory: Factory, kind: str) -> None:
    """The watch looks at every root and every original, while the disk of one root is away."""
    Watch(factory.database, HandClock()).once()
    away = factory.rows("select kind, state from roots where state <> 'online'")
    assert [(root.kind, root.state) for root in away] == [(kind, "offline")]


def is_settled(factory: Factory) -> bool:
    """File on; whether nothing is left to do."""
    factory.file()
    undecided = factory.rows("select id from files where outcome is null")
    return not undecided and not factory.rows("select id from filings") and not factory.found()


def assert_nothing_lost(factory: Factory) -> None:
    """Both photos are there once, and nobody thinks ill of them, their files or their roots."""
    Watch(factory.database, HandClock()).once()
    day = factory.originals / "2019/2019-07-14"
    assert factory.names() == ["2019/2019-07-14/a.jpg", "2019/2019-07-14/a_1.jpg"]
    assert {(day / name).read_bytes() for name in ("a.jpg", "a_1.jpg")} == {FIRST, SECOND}
    assert len(factory.rows("select id from media_assets where damage is null")) == 2
    assert factory.rows("select id from roots where state <> 'online'") == []
    assert factory.events("media.asset.ingested") == 2
    assert factory.events("media.asset.missing") == 0
    assert factory.outcomes().keys() == {"x/a.jpg", "x/b.jpg", "y/a.jpg"}
    assert sorted(map(str, factory.outcomes().values())) == ["duplicate", "filed", "filed"]
    assert not [path for path in factory.inbox.rglob("*") if path.is_file()]


def main(arguments: list[str]) -> None:
    """Mount a disk, file, unmount it on the way, mount it again, go on."""
    url, folder, point = arguments
    base = Path(folder)
    disk = unmounting.BoundDisk(base / "disk", base / "Originals")
    for path in (disk.disk, disk.path):
        path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(disk.disk)], check=True)
    disk.mount()
    with Database(url, application_name="unmount-child") as database:
        factory = factories.make(database, base)
        fill(factory)
        unmount_while_filing(factory, disk, point)
        assert_nothing_lost(factory)


if __name__ == "__main__":
    main(sys.argv[1:])
