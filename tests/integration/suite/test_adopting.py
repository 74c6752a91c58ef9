import shutil
from pathlib import Path

import pytest

import factories
import photos
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import roots
from shared.errors import UserError
from suite import adopting


def states(database: Database) -> dict[str, str]:
    """Kind -> state of every root, after a look at the disks."""
    roots.check_all(database, SystemClock().now())
    with database.read() as session:
        return {root.kind: root.state for root in roots.find(session)}


def test_an_inbox_that_was_made_anew_is_watched_again_once_it_is_adopted(
    database: Database, tmp_path: Path
) -> None:
    factory = factories.make(database, tmp_path)
    factory.inbox.rename(tmp_path / "old")
    factory.inbox.mkdir()
    before = states(database)["inbox"]

    adopting.adopt(database, adopting.compare(database, str(factory.inbox)))

    assert (before, states(database)["inbox"]) == ("offline", "online")


def test_originals_without_their_marker_show_what_is_there_and_are_marked_again(
    database: Database, tmp_path: Path
) -> None:
    factory = factories.make(database, tmp_path)
    factory.drop("a.jpg", photos.jpeg(None, seed=1))
    factory.drop("b.jpg", photos.jpeg(None, seed=2))
    factory.file()
    (factory.originals / factory.names()[0]).unlink()
    shutil.rmtree(factory.originals / ".photofactory")

    comparison = adopting.compare(database, str(factory.originals))
    adopting.adopt(database, comparison)

    assert (comparison.known, comparison.present) == (2, 1)
    assert states(database)["originals"] == "online"


def test_a_folder_that_is_the_known_one_needs_no_adoption(
    database: Database, tmp_path: Path
) -> None:
    factory = factories.make(database, tmp_path)

    with pytest.raises(UserError, match="is the folder that the ledger knows"):
        adopting.compare(database, str(factory.originals))


def test_a_folder_of_nobody_is_named(database: Database, tmp_path: Path) -> None:
    factories.make(database, tmp_path)

    with pytest.raises(UserError, match="is no folder of this ledger"):
        adopting.compare(database, str(tmp_path / "elsewhere"))
