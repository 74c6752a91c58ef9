"""Publishing: complete or not at all, never over another file, whatever the disk can do."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared import faults
from shared.disk import folders, publish

NO_LINK = "publish.link:exdev:0"
NO_LINK_NO_RENAME = "publish.link:exdev:0,publish.rename:exdev:0"
WAYS = pytest.mark.parametrize(
    "fault", ["", NO_LINK, NO_LINK_NO_RENAME], ids=["link", "rename", "reserve"]
)


@dataclass
class Disk:
    path: Path
    temporary_fd: int
    folder_fd: int

    def write_temporary(self, content: bytes, name: bytes = b"t1") -> None:
        fd = publish.create_temporary(self.temporary_fd, name)
        os.write(fd, content)
        publish.sync_file(fd)
        os.close(fd)

    def publish(self, name: bytes = b"photo.jpg") -> None:
        publish.publish(self.temporary_fd, b"t1", self.folder_fd, name)

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    root_fd = folders.open_root(str(tmp_path))
    found = Disk(
        tmp_path,
        folders.ensure_folders(root_fd, b".photofactory/tmp"),
        folders.ensure_folders(root_fd, b"2024"),
    )
    yield found
    for fd in (root_fd, found.temporary_fd, found.folder_fd):
        os.close(fd)
    faults.arm("")


@WAYS
def test_a_published_file_has_only_its_final_name(disk: Disk, fault: str) -> None:
    disk.write_temporary(b"bytes")
    faults.arm(fault)

    disk.publish()

    assert disk.files() == {"2024/photo.jpg": b"bytes"}


@WAYS
def test_another_file_of_that_name_is_never_replaced(disk: Disk, fault: str) -> None:
    (disk.path / "2024/photo.jpg").write_bytes(b"older")
    disk.write_temporary(b"bytes")
    faults.arm(fault)

    with pytest.raises(publish.NameTakenError):
        disk.publish()

    assert disk.files() == {"2024/photo.jpg": b"older", ".photofactory/tmp/t1": b"bytes"}


def test_publishing_again_after_the_link_finds_its_own_file(disk: Disk) -> None:
    disk.write_temporary(b"bytes")
    os.link(disk.path / ".photofactory/tmp/t1", disk.path / "2024/photo.jpg")

    disk.publish()

    assert disk.files() == {"2024/photo.jpg": b"bytes"}


def test_copying_and_hashing_are_told_as_progress(disk: Disk) -> None:
    disk.write_temporary(b"content")
    began = time.monotonic()

    with open(os.open(b"t1", os.O_RDONLY, dir_fd=disk.temporary_fd), "rb") as file:
        publish.hash_of(file.fileno(), hashlib.sha256())

    assert publish.idle_s() <= time.monotonic() - began


def test_publishing_what_is_gone_says_so(disk: Disk) -> None:
    with pytest.raises(FileNotFoundError):
        disk.publish()


@pytest.mark.parametrize("error", ["eio", "enospc"])
@pytest.mark.parametrize("instant", ["link", "rename", "reserved"])
def test_an_error_while_naming_leaves_the_temporary_file_alone(
    disk: Disk, instant: str, error: str
) -> None:
    disk.write_temporary(b"bytes")
    before = {"link": "", "rename": NO_LINK, "reserved": NO_LINK_NO_RENAME}[instant]
    faults.arm(f"{before},publish.{instant}:{error}")

    with pytest.raises(OSError, match="fault"):
        disk.publish()

    assert disk.files() == {".photofactory/tmp/t1": b"bytes"}


def test_a_folder_on_another_mount_is_named_and_nothing_is_left(disk: Disk) -> None:
    disk.write_temporary(b"bytes")
    faults.arm(f"{NO_LINK_NO_RENAME},publish.reserved:exdev")

    with pytest.raises(publish.AcrossMountsError, match=r"photo\.jpg"):
        disk.publish()

    assert disk.files() == {".photofactory/tmp/t1": b"bytes"}


@pytest.mark.parametrize("fault", ["link", "named", "published", "synced"])
def test_a_kill_at_any_instant_leaves_complete_bytes_somewhere(disk: Disk, fault: str) -> None:
    disk.write_temporary(b"bytes")
    program = (
        "import sys\n"
        "from shared import faults\nfrom shared.disk import folders, publish\n"
        "faults.arm(sys.argv[1])\n"
        "root = folders.open_root(sys.argv[2])\n"
        "tmp = folders.open_folder(root, b'.photofactory/tmp')\n"
        "publish.publish(tmp, b't1', folders.open_folder(root, b'2024'), b'photo.jpg')\n"
    )
    paths = os.pathsep.join(path for path in sys.path if path)

    ended = subprocess.run(
        [sys.executable, "-c", program, f"publish.{fault}:kill", str(disk.path)],
        env={**os.environ, "PYTHONPATH": paths},  # noqa: TID251  a test starts a program
        check=False,
        timeout=60,
    )
    if (disk.path / ".photofactory/tmp/t1").exists():
        disk.publish()

    assert ended.returncode == -signal.SIGKILL
    assert disk.files() == {"2024/photo.jpg": b"bytes"}


def test_a_temporary_name_is_used_once(disk: Disk) -> None:
    disk.write_temporary(b"bytes")

    with pytest.raises(FileExistsError):
        publish.create_temporary(disk.temporary_fd, b"t1")
    publish.discard_temporary(disk.temporary_fd, b"t1")
    publish.discard_temporary(disk.temporary_fd, b"t1")

    assert disk.files() == {}


def test_replace_renames_over(disk: Disk) -> None:
    (disk.path / "2024/record").write_bytes(b"older")
    disk.write_temporary(b"newer")

    publish.replace(disk.temporary_fd, b"t1", disk.folder_fd, b"record")

    assert disk.files() == {"2024/record": b"newer"}


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 300_000])
def test_copying_hashes_in_the_same_pass(disk: Disk, size: int) -> None:
    content = os.urandom(size)
    (disk.path / "source").write_bytes(content)
    source_fd = os.open(disk.path / "source", os.O_RDONLY)
    os.lseek(source_fd, 0, os.SEEK_END)
    target_fd = publish.create_temporary(disk.temporary_fd, b"t1")

    copied = publish.copy_into(source_fd, target_fd, hashlib.sha256())
    read = publish.hash_of(target_fd, hashlib.sha256())

    assert copied == read == (hashlib.sha256(content).hexdigest(), size)
    assert (disk.path / ".photofactory/tmp/t1").read_bytes() == content
    os.close(source_fd)
    os.close(target_fd)


def test_a_full_disk_stops_the_copy(disk: Disk) -> None:
    (disk.path / "source").write_bytes(b"x" * 200_000)
    source_fd = os.open(disk.path / "source", os.O_RDONLY)
    target_fd = publish.create_temporary(disk.temporary_fd, b"t1")
    faults.arm("copy.write:enospc:2")

    with pytest.raises(OSError, match="No space left"):
        publish.copy_into(source_fd, target_fd, hashlib.sha256())

    os.close(source_fd)
    os.close(target_fd)
