from pathlib import Path

import pytest
import sqlalchemy as sa

import factories
from shared import models
from shared.database import Database
from shared.errors import UserError
from suite.commands import backup_targets


def active(database: Database) -> dict[str, bool]:
    """Name -> is on the disk of the originals, of every active target."""
    target = models.BackupTarget
    with database.read() as session:
        rows = session.execute(sa.select(target.name, target.is_same_disk).where(target.is_active))
        return {row.name: row.is_same_disk for row in rows}


def test_a_folder_becomes_a_target_and_is_told_to_be_on_the_same_disk(
    database: Database, tmp_path: Path
) -> None:
    factories.make(database, tmp_path)
    disk = tmp_path / "disk"
    disk.mkdir()

    with database.transaction() as session:
        told = backup_targets.add(session, disk, None)

    assert active(database) == {"disk": True}
    assert "on the disk of the originals" in told
    assert (disk / ".photofactory" / "root.json").exists()


def test_a_removed_target_comes_back_as_itself(database: Database, tmp_path: Path) -> None:
    factories.make(database, tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with database.transaction() as session:
            backup_targets.add(session, tmp_path / name, None)

    with database.transaction() as session:
        backup_targets.remove(session, "one")
    removed = active(database)
    with database.transaction() as session:
        backup_targets.add(session, tmp_path / "one", None)

    assert removed.keys() == {"two"}
    assert active(database).keys() == {"one", "two"}


def test_the_only_target_cannot_be_removed(database: Database, tmp_path: Path) -> None:
    factories.make(database, tmp_path)
    (tmp_path / "disk").mkdir()
    with database.transaction() as session:
        backup_targets.add(session, tmp_path / "disk", None)

    with pytest.raises(UserError, match="only target"), database.transaction() as session:
        backup_targets.remove(session, "disk")


def test_a_folder_inside_the_originals_is_refused(database: Database, tmp_path: Path) -> None:
    factory = factories.make(database, tmp_path)
    inside = factory.originals / "2024"
    inside.mkdir()

    with pytest.raises(UserError, match="overlaps"), database.transaction() as session:
        backup_targets.add(session, inside, None)

    assert list(inside.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(database: Database, tmp_path: Path) -> None:
    factories.make(database, tmp_path)

    with pytest.raises(UserError, match="is no folder"), database.transaction() as session:
        backup_targets.add(session, tmp_path / "gone", None)
