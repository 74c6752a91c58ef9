"""A disk that is full and freed again: photos wait in the inbox, and nothing is lost."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import albums
import books
import needs
from running_suite import LIMIT_S, RunningSuite, send
from waiting import until

ROOMY_MIB = 4096


class Disk:
    """A file system in memory whose size can be changed while it is in use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mount(f"size={ROOMY_MIB}m", "-t", "tmpfs", "tmpfs")

    def leave_free(self, mib: int) -> None:
        """Shrink it so that `mib` MiB are free."""
        there = os.statvfs(self.folder)
        used = (there.f_blocks - there.f_bfree) * there.f_frsize
        self._mount(f"remount,size={used // 1024 + mib * 1024}k")

    def free(self) -> None:
        """Make it roomy again."""
        self._mount(f"remount,size={ROOMY_MIB}m")

    def remove(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def _mount(self, options: str, *what: str) -> None:
        command = ["mount", "-o", options, *what, str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            needs.absent("mount", f"nothing can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path)
    try:
        yield made
    finally:
        made.remove()


def test_a_disk_that_is_full_and_freed_again_loses_no_photo(disk: Disk) -> None:
    with RunningSuite(disk.folder / "data") as suite:
        suite.start()
        albums.make(suite.data / "Photos_Inbox", range(5))
        albums.finish(suite)

        inbox = suite.data / "Photos_Inbox"
        disk.leave_free(300)  # less than has to be left for what comes later
        albums.make(inbox, range(5, 25))
        until(lambda: "filing waits" in task_of(suite, "librarian"), within_s=LIMIT_S)

        disk.leave_free(0)
        fill_up(disk.folder)
        send(suite.marks()["database"], signal.SIGKILL)
        until(lambda: "next try in" in suite.said(), within_s=LIMIT_S)
        assert len(books.files_in(inbox)) == 20

        disk.free()
        albums.finish(suite)
        assert albums.filed(suite) == 25


def fill_up(folder: Path) -> None:
    """Write until there is no room for another byte."""
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1024))
    assert os.statvfs(folder).f_bavail == 0


def task_of(suite: RunningSuite, service: str) -> str:
    [row] = books.rows(
        suite, "select current_task from system_status where service_name = %s", service
    )
    return str(row["current_task"])
