"""Folders are marked once, recognised afterwards, and never made in the place of a missing disk."""

import shutil
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from shared import models
from shared.database import Database
from shared.disk import root_folder, root_markers
from shared.errors import UserError
from suite import diagnosis, folder_setup, process_identity, suite_state
from suite.data_folder import DataFolder
from suite.inbox import Inbox
from suite.suite_state import SuiteState


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def watched(database: Database) -> dict[str, str]:
    with database.read() as session:
        sources = session.scalars(sa.select(models.Source).where(models.Source.auto_import))
        return {source.source_path: source.default_import_mode for source in sources}


def test_the_first_run_makes_and_marks_every_folder(database: Database, folder: DataFolder) -> None:
    outcome = folder_setup.register(database, folder, [])

    for path in (folder.originals, folder.derivatives, folder.backup, folder.inbox):
        assert root_markers.read_marker_at(str(path))
    assert outcome == folder_setup.Outcome(
        inboxes=[Inbox(folder.inbox, "move")], is_backup_on_same_disk=True, warnings=[]
    )
    assert watched(database) == {str(folder.inbox): "move"}
    with database.read() as session:
        assert session.scalars(sa.select(models.Catalog.name)).all() == ["Library"]
        assert session.scalars(sa.select(models.BackupTarget.is_same_disk)).all() == [True]


def test_a_second_run_changes_nothing(database: Database, folder: DataFolder) -> None:
    first = folder_setup.register(database, folder, [])

    assert folder_setup.register(database, folder, []) == first

    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(models.Root)) == 4


def test_a_missing_disk_is_said_and_nothing_is_made_in_its_place(
    database: Database, folder: DataFolder
) -> None:
    folder_setup.register(database, folder, [])
    shutil.rmtree(folder.originals)

    outcome = folder_setup.register(database, folder, [])

    assert len(outcome.warnings) == 1
    assert not folder.originals.exists()


def test_an_empty_mount_point_is_not_marked_again(database: Database, folder: DataFolder) -> None:
    folder_setup.register(database, folder, [])
    shutil.rmtree(folder.originals)
    folder.originals.mkdir()

    outcome = folder_setup.register(database, folder, [])

    assert "marker" in outcome.warnings[0]
    assert list(folder.originals.iterdir()) == []


def test_an_empty_ledger_beside_marked_folders_is_refused(
    database: Database, folder: DataFolder
) -> None:
    folder.originals.mkdir(parents=True)
    root_folder.mark(str(folder.originals), "originals", uuid4())

    with pytest.raises(UserError) as refusal:
        folder_setup.register(database, folder, [])

    assert "rebuild" in refusal.value.way_out


def test_the_folder_of_another_ledger_in_the_place_of_ours_is_refused(
    database: Database, folder: DataFolder
) -> None:
    folder_setup.register(database, folder, [])
    shutil.rmtree(folder.originals)
    root_folder.mark(str(folder.originals), "originals", uuid4())

    with pytest.raises(UserError, match="another ledger"):
        folder_setup.register(database, folder, [])


def test_a_data_folder_that_was_moved_is_followed(database: Database, folder: DataFolder) -> None:
    folder_setup.register(database, folder, [])
    moved = DataFolder(folder.path.rename(folder.path.with_name("moved")))

    outcome = folder_setup.register(database, moved, [])

    assert outcome.warnings == []
    assert watched(database) == {str(moved.inbox): "move"}


def test_another_inbox_is_watched_while_it_is_named_and_never_written_into(
    database: Database, folder: DataFolder, tmp_path: Path
) -> None:
    phone = tmp_path / "phone"
    phone.mkdir()

    named = folder_setup.register(database, folder, [Inbox(phone, "copy")])
    assert watched(database) == {str(folder.inbox): "move", str(phone): "copy"}
    assert list(phone.iterdir()) == []
    assert named.inboxes[1] == Inbox(phone, "copy")

    unnamed = folder_setup.register(database, folder, [])
    assert watched(database) == {str(folder.inbox): "move"}
    assert str(phone) in unnamed.warnings[0]

    folder_setup.register(database, folder, [Inbox(phone, "move")])
    assert watched(database)[str(phone)] == "move"


def test_the_doctor_leaves_out_an_inbox_that_is_no_longer_watched(
    database: Database, folder: DataFolder, tmp_path: Path
) -> None:
    phone = tmp_path / "phone"
    phone.mkdir()
    folder_setup.register(database, folder, [Inbox(phone, "copy")])
    folder_setup.register(database, folder, [])
    folder.run.mkdir(exist_ok=True)
    state = SuiteState(process_identity.own_mark(), database.url, "http://127.0.0.1:1/")
    suite_state.write(folder, state)

    assert not any(str(phone) in finding.text for finding in diagnosis.own_folders(folder))


def test_an_inbox_around_the_data_folder_is_refused(database: Database, folder: DataFolder) -> None:
    with pytest.raises(UserError, match="overlaps"):
        folder_setup.register(database, folder, [Inbox(folder.path.parent, "copy")])


def test_an_inbox_that_is_not_there_is_refused(database: Database, folder: DataFolder) -> None:
    with pytest.raises(UserError, match="No such file"):
        folder_setup.register(database, folder, [Inbox(folder.path / "none", "copy")])
