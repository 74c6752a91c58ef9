"""What `ingest` refuses, and what it says before it waits."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from dashboard_ledger import Ledger
from shared import models
from shared.database import Database
from shared.errors import UserError
from suite.commands import ingest
from suite.data_folder import DataFolder


def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")

    with pytest.raises(UserError, match="neither a file nor a folder"):
        ingest.quoted(str(tmp_path / "pipe.jpg"), DataFolder(tmp_path / "data"))


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "link.jpg").symlink_to("a.jpg")

    assert ingest.quoted(str(tmp_path / "link.jpg"), DataFolder(tmp_path / "data")) == str(
        tmp_path / "a.jpg"
    )


def test_frozen_originals_are_told_with_the_way_out(database: Database, tmp_path: Path) -> None:
    Ledger(database, tmp_path)
    assert ingest.frozen(database) is None

    with database.transaction() as session:
        root = sa.update(models.Root).filter_by(kind="originals")
        session.execute(root.values(state="frozen", state_reason="40 vanished"))

    assert ingest.frozen(database) == "40 vanished; ./photofactory thaw shows it and asks"
