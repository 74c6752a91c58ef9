import ctypes
import errno
import itertools
import sys
import threading
from pathlib import Path

import pytest

import waiting
from librarian import watcher

MOUNTS = (
    "/dev/sda1 / ext4 rw 0 0\n"
    "nas:/photos /mnt/nas\\040share nfs4 rw 0 0\n"
    "/dev/sdb1 /mnt/nas\\040share/disk ext4 rw 0 0\n"
)


def test_a_new_file_sets_the_signal(tmp_path: Path) -> None:
    signal, numbers = threading.Event(), itertools.count()
    watching = watcher.watch(str(tmp_path), signal)

    def drop_one_more() -> bool:
        (tmp_path / f"{next(numbers)}.jpg").write_bytes(b"1")
        return signal.is_set()

    try:
        if watching.reason:  # the machine's own limit of watchers, or its disk
            pytest.skip(f"nothing can be watched here: {watching.reason}")
        waiting.until(drop_one_more, what="a hint")
    finally:
        watching.close()


def test_a_folder_that_cannot_be_watched_is_polled_and_says_why(tmp_path: Path) -> None:
    watching = watcher.watch(str(tmp_path / "gone"), threading.Event())

    assert watching.reason is not None
    assert "No such file" in watching.reason


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
def test_a_folder_beyond_the_limit_of_watches_is_told_at_the_start_and_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchdog.observers import inotify_c

    add, left = inotify_c.inotify_add_watch, itertools.count(2, -1)

    def add_while_some_are_left(fd: int, path: bytes, mask: int) -> int:
        if next(left) > 0:
            return int(add(fd, path, mask))
        ctypes.set_errno(errno.ENOSPC)
        return -1

    monkeypatch.setattr(inotify_c, "inotify_add_watch", add_while_some_are_left)
    (tmp_path / "first").mkdir()
    watching = watcher.watch(str(tmp_path), threading.Event())

    try:
        while_all_are_watched = watching.reason
        (tmp_path / "second").mkdir()
        told = waiting.until(lambda: watching.reason or "", what="the refusal")
    finally:
        watching.close()
    again = watcher.watch(str(tmp_path), threading.Event())
    again.close()

    assert while_all_are_watched is None
    assert "watch limit reached" in told
    assert again.reason == told


def test_the_file_system_of_a_path_is_that_of_the_innermost_mount(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_text(MOUNTS)

    def kind(path: str) -> str | None:
        return watcher.file_system_of(path, str(table))

    assert kind("/home/me") == "ext4"
    assert kind("/mnt/nas share/inbox") == "nfs4"
    assert kind("/mnt/nas share/disk/inbox") == "ext4"
    assert kind("/mnt/nas shared") == "ext4"


def test_network_file_systems_are_polled() -> None:
    assert {"nfs4", "cifs", "smb3"} <= watcher.NETWORK_FILE_SYSTEMS
