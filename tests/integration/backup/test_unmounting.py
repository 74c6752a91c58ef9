"""A disk is unmounted while a copy is made: no copy is claimed that is not there, nobody blamed."""

from pathlib import Path

import pytest
import sqlalchemy as sa

import assets
import library as libraries
import unmounting
from backup.handlers import Handler
from hand_clock import HandClock
from shared import models
from shared.database import Database
from shared.disk import roots

PHOTO = b"a photo" * 1000
PATH = "2024/2024-05-17/a.jpg"


@pytest.mark.parametrize("point", ["copy.write", "publish.link", "publish.named", "publish.synced"])
@pytest.mark.parametrize("kind", ["originals", "backup"])
def test_a_disk_that_goes_away_while_a_copy_is_made(
    database: Database, tmp_path: Path, kind: str, point: str
) -> None:
    library = libraries.make(database, tmp_path)
    root_id = library.root("backup")
    with database.transaction() as session:
        session.add(models.BackupTarget(name="usb", root_id=root_id, is_same_disk=True))
    handler = Handler(database, HandClock(), 2)
    earlier_id = library.file("2023/2023-01-01/b.jpg", b"copied before")
    library.handle(handler, earlier_id)
    asset_id = library.file(PATH, PHOTO)
    disk = unmounting.RenamedDisk(library.path("", kind))

    with unmounting.At(point, disk.unmount) as instant:
        library.handle(handler, asset_id)
    assert instant.has_happened
    library.handle(handler, asset_id)

    roots.check_all(database, HandClock().now())
    stage = assets.stage(database, asset_id, "backed_up")
    assert stage is None or stage.state != "quarantined"
    assert states(database) == {"online", "offline"}
    assert list(disk.path.iterdir()) == []
    disk.mount()
    roots.check_all(database, HandClock().now())
    library.handle(handler, asset_id)
    assert library.path(PATH, "backup").read_bytes() == PHOTO
    assert library.path("2023/2023-01-01/b.jpg", "backup").read_bytes() == b"copied before"
    for each in (earlier_id, asset_id):
        row = assets.read(database, each)
        assert (row.is_backed_up, row.has_errors, row.damage) == (True, False, None)
    assert states(database) == {"online"}


def states(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(sa.select(models.Root.state)))
