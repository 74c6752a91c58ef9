"""The way in, with time in our hands: scan, release, claim, file, tidy."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import factories
import photos
from factories import Factory
from hand_clock import GoingOn, HandClock
from librarian import watcher
from librarian.arrivals import Mode
from librarian.desk import Desk
from librarian.inbox import Inbox
from shared.database import Database
from shared.disk import folders
from shared.errors import DependencyError

Opened = tuple[Factory, Inbox, HandClock]


@pytest.fixture
def open_inbox(database: Database, tmp_path: Path) -> Iterator[Callable[[Mode], Opened]]:
    clock = HandClock()
    closing: list[Callable[[], object]] = []

    def opened(mode: Mode) -> Opened:
        factory = factories.make(database, tmp_path, mode)
        context = factory.filer()
        filer = context.__enter__()
        desk = Desk(database, filer, clock, filer.means.owner.id, GoingOn())
        inbox = Inbox(factory.source(), desk, threading.Event())
        closing.extend((lambda: context.__exit__(None, None, None), inbox.close))
        return factory, inbox, clock

    yield opened
    for close in reversed(closing):
        close()


def settle(inbox: Inbox, clock: HandClock) -> int:
    """Two looks with a quiet time between them; return how many files were decided."""
    clock.pass_by(61)
    inbox.visit()
    clock.pass_by(15)
    return inbox.visit()


def test_a_dropped_photo_is_filed_after_it_was_quiet_and_leaves_a_move_inbox(
    open_inbox: Callable[[Mode], Opened],
) -> None:
    factory, inbox, clock = open_inbox("move")
    factory.drop("IMG_1.jpg", photos.jpeg(None, taken="2023:07:01 12:00:00"))

    inbox.visit()
    early = factory.names()
    clock.pass_by(15)
    decided = inbox.visit()

    assert early == []
    assert decided == 1
    assert factory.names() == ["2023/2023-07-01/IMG_1.jpg"]
    assert factory.found() == []


def test_a_copy_inbox_keeps_its_file_and_reads_it_only_once(
    open_inbox: Callable[[Mode], Opened],
) -> None:
    factory, inbox, clock = open_inbox("copy")
    path = factory.drop("IMG_1.jpg", photos.jpeg(None))

    first = settle(inbox, clock)
    read_at = path.stat().st_atime_ns
    second = settle(inbox, clock)

    assert (first, second) == (1, 0)
    assert path.stat().st_atime_ns == read_at
    assert factory.outcomes() == {"IMG_1.jpg": "filed"}


def test_a_file_that_still_grows_waits(open_inbox: Callable[[Mode], Opened]) -> None:
    factory, inbox, clock = open_inbox("move")
    content = photos.jpeg(None)
    path = factory.drop("slow.jpg", content[:100])
    inbox.visit()

    clock.pass_by(15)
    path.write_bytes(content)
    while_growing = inbox.visit()
    clock.pass_by(15)
    complete = inbox.visit()

    assert (while_growing, complete) == (0, 1)


def test_emptied_folders_go_with_their_photos_and_others_stay(
    open_inbox: Callable[[Mode], Opened],
) -> None:
    factory, inbox, clock = open_inbox("move")
    factory.drop("trip/day 1/a.jpg", photos.jpeg(None, seed=1))
    factory.drop("trip/notes.txt", b"not a photo")
    (factory.inbox / "made by hand").mkdir()

    settle(inbox, clock)

    assert not (factory.inbox / "trip" / "day 1").exists()
    assert (factory.inbox / "trip" / "notes.txt").exists()
    assert (factory.inbox / "made by hand").is_dir()


@pytest.mark.parametrize("mode", ["move", "copy"])
def test_what_a_person_takes_away_is_held_no_longer_and_looked_at_when_it_is_back(
    open_inbox: Callable[[Mode], Opened], mode: Mode
) -> None:
    factory, inbox, clock = open_inbox(mode)
    contents = {"notes.txt": b"no picture", "sub/alone.xmp": b"<x:xmpmeta/>", "a.txt": b"nor this"}
    paths = {name: factory.drop(name, content) for name, content in contents.items()}
    settle(inbox, clock)
    held = factory.outcomes()
    paths["notes.txt"].unlink()
    shutil.rmtree(paths["sub/alone.xmp"].parent)

    settle(inbox, clock)
    after = factory.outcomes()
    factory.drop("notes.txt", photos.jpeg())
    settle(inbox, clock)

    assert held == {"notes.txt": "quarantined", "sub/alone.xmp": None, "a.txt": "quarantined"}
    assert after == {"notes.txt": "vanished", "sub/alone.xmp": "vanished", "a.txt": "quarantined"}
    assert factory.outcomes()["notes.txt"] == "filed"


def test_debris_of_other_programs_stays_and_is_not_looked_at(
    open_inbox: Callable[[Mode], Opened],
) -> None:
    factory, inbox, clock = open_inbox("move")
    factory.drop(".stfolder/marker", b"x")
    factory.drop(".syncthing.IMG_1.jpg.tmp", photos.jpeg(None))
    factory.drop("video.mp4.part", b"x")

    settle(inbox, clock)

    assert factory.outcomes() == {}
    assert (factory.inbox / ".syncthing.IMG_1.jpg.tmp").exists()


def test_a_photo_that_comes_again_after_a_revert_is_recognised(
    open_inbox: Callable[[Mode], Opened],
) -> None:
    factory, inbox, clock = open_inbox("move")
    content = photos.jpeg(None)
    factory.drop("IMG_1.jpg", content)
    settle(inbox, clock)

    factory.drop("IMG_1.jpg", content)
    settle(inbox, clock)

    assert len(factory.names()) == 1
    assert factory.outcomes()["IMG_1.jpg"] == "duplicate"
    assert factory.found() == []


def test_an_inbox_that_is_another_folder_now_is_not_touched(
    open_inbox: Callable[[Mode], Opened],
) -> None:
    factory, inbox, clock = open_inbox("move")
    factory.inbox.rename(factory.inbox.with_name("unmounted"))
    factory.inbox.mkdir()
    path = factory.drop("IMG_1.jpg", photos.jpeg(None))

    with pytest.raises(DependencyError, match="is the disk mounted"):
        settle(inbox, clock)

    assert path.exists()
    assert factory.names() == []


def test_status_tells_when_the_system_refuses_to_watch_a_new_folder(
    open_inbox: Callable[[Mode], Opened],
) -> None:
    factory, inbox, clock = open_inbox("copy")
    told = "select watching, watching_reason as reason from sources where auto_import"
    inbox.visit()

    inbox.close()
    inbox._watcher = watcher.Polling("no watch is left")
    clock.pass_by(61)
    inbox.visit()

    [source] = factory.rows(told)
    assert (source.watching, source.reason) == ("polling", "no watch is left")


def test_what_other_hosts_may_write_is_opened_at_each_look(
    open_inbox: Callable[[Mode], Opened], monkeypatch: pytest.MonkeyPatch
) -> None:
    factory, inbox, clock = open_inbox("copy")
    factory.drop("IMG_1.jpg", photos.jpeg(None))
    monkeypatch.setattr(watcher, "file_system_of", lambda _: "nfs4")
    opened: list[bytes] = []
    open_file = folders.open_file

    def note(root_fd: int, relative: bytes) -> int:
        opened.extend([relative] if relative == b"IMG_1.jpg" else [])
        return open_file(root_fd, relative)

    monkeypatch.setattr(folders, "open_file", note)

    inbox.visit()
    at_the_first_look = len(opened)
    clock.pass_by(15)
    decided = inbox.visit()

    assert at_the_first_look == 1
    assert len(opened) > 2
    assert decided == 1
    [source] = factory.rows("select watching_reason as reason from sources where auto_import")
    assert source.reason.startswith("nfs4 does not tell")
