"""A disk is unmounted at any instant of filing: nothing is lost, doubled, marked or misplaced."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import factories
import needs
import unmount_child
import unmounting
import waiting
from factories import Factory
from hand_clock import GoingOn, HandClock
from librarian.desk import Desk
from librarian.inbox import Inbox
from shared.database import Database
from shared.errors import DependencyError

POINTS = (
    "stage.copy", "copy.write", "stage.staged", "filing.reserved", "filing.fsync", "publish.link",
    "publish.named", "publish.published", "publish.synced", "filing.published",
    "filing.record_line", "filing.recording", "filing.recorded", "filing.decided",
    "remove.checked",
)  # fmt: skip


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("folder", ["originals", "inbox"])
def test_a_disk_that_goes_away_while_filing(factory: Factory, folder: str, point: str) -> None:
    disk = unmounting.RenamedDisk(getattr(factory, folder))
    unmount_child.fill(factory)

    if folder == "originals":
        unmount_child.unmount_while_filing(factory, disk, point)
    else:
        with unmounting.At(point, disk.unmount) as instant:
            factory.file()
        assert instant.has_happened
        unmount_child.look_around(factory, "inbox")
        visit_in_vain(factory)
        assert list(disk.path.iterdir()) == []
        disk.mount()
        waiting.until(lambda: unmount_child.is_settled(factory))

    unmount_child.assert_nothing_lost(factory)


def visit_in_vain(factory: Factory) -> None:
    """The librarian's loop comes round: an empty folder in the inbox's place says nothing."""
    clock = HandClock()
    with factory.filer() as filer:
        desk = Desk(factory.database, filer, clock, filer.means.owner.id, GoingOn())
        inbox = Inbox(factory.source(), desk, threading.Event())
        try:
            for _ in range(2):
                with pytest.raises(DependencyError, match="is the disk mounted"):
                    inbox.visit()
                clock.pass_by(61)
        finally:
            inbox.close()


@pytest.mark.parametrize("point", ["copy.write", "filing.fsync", "publish.published"])
def test_a_mounted_disk_is_unmounted_while_filing(
    database: Database, tmp_path: Path, point: str
) -> None:
    unshare = needs.program("unshare")
    tried = [unshare, "--mount", "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
    if subprocess.run(tried, capture_output=True, check=False).returncode != 0:
        needs.absent("mount_namespaces", "this user may not mount anything here")
    paths = os.pathsep.join(path for path in sys.path if path)

    done = subprocess.run(
        [
            *(unshare, "--mount", "--propagation", "private"),
            *(sys.executable, "-m", "unmount_child", database.url, str(tmp_path), point),
        ],
        env={"PYTHONPATH": paths, "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "Originals").iterdir()) == []
