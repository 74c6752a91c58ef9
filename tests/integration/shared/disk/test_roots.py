"""The table of roots against folders on disk."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from shared import errors
from shared.database import Database
from shared.disk import root_folder, root_markers, roots
from shared.models import Root

NOW = datetime(2024, 5, 1, tzinfo=UTC)

AddRoot = Callable[..., UUID]


@pytest.fixture
def add_root(database: Database, tmp_path: Path) -> AddRoot:
    with database.read() as session:
        ledger_id = roots.ledger_id(session)

    def add(kind: str = "originals", name: str = "disk") -> UUID:
        path = str(tmp_path / name)
        if kind in {"source", "inbox", "collection"}:
            (tmp_path / name).mkdir(exist_ok=True)
            new = root_folder.recognise(path)
        else:
            new = root_folder.mark(path, kind, ledger_id)
        with database.transaction() as session:
            return roots.add(session, kind, new).id

    return add


def state(database: Database, root_id: UUID) -> tuple[str, str | None]:
    with database.read() as session:
        root = roots.get(session, root_id)
        return root.state, root.state_reason


def test_a_root_is_added_once_with_what_its_disk_can_do(
    database: Database, add_root: AddRoot
) -> None:
    assert add_root() == add_root()

    with database.read() as session:
        (root,) = roots.find(session, "originals")
        assert root.capabilities is not None
        assert root.capabilities["exclusive_create"] is True
        assert root.is_marked
        assert roots.find(session, "backup") == []


def test_a_root_that_moved_is_found_at_its_new_path(
    database: Database, add_root: AddRoot, tmp_path: Path
) -> None:
    before = add_root(name="disk")
    (tmp_path / "disk").rename(tmp_path / "moved")

    assert add_root(name="moved") == before

    with database.read() as session:
        assert roots.get(session, before).path == str(tmp_path / "moved")


def test_a_folder_has_one_use(add_root: AddRoot, tmp_path: Path) -> None:
    add_root("source", "photos")

    with pytest.raises(errors.UserError, match="already used for source"):
        add_root("inbox", "photos")


@pytest.mark.parametrize("name", ["disk/2024", "."])
def test_roots_do_not_overlap(add_root: AddRoot, tmp_path: Path, name: str) -> None:
    add_root()
    (tmp_path / "disk/2024").mkdir()

    with pytest.raises(errors.UserError, match="overlaps"):
        add_root("source", name)

    add_root("collection", name)


def test_a_known_root_is_opened_from_its_row(database: Database, add_root: AddRoot) -> None:
    root_id = add_root()

    with database.read() as session:
        known = roots.known(session, roots.get(session, root_id))

    known.open().close()


def test_checks_record_what_goes_and_comes(
    database: Database, add_root: AddRoot, tmp_path: Path
) -> None:
    disk, inbox = add_root(), add_root("inbox", "inbox")
    assert [check.state for check in roots.check_all(database, NOW)] == ["online", "online"]
    for name in ("disk", "inbox"):
        (tmp_path / name).rename(tmp_path / f"{name}-away")
    (tmp_path / "inbox").mkdir()

    roots.check_all(database, NOW)

    assert state(database, disk)[0] == state(database, inbox)[0] == "offline"
    shutil.rmtree(tmp_path / "inbox")
    for name in ("disk", "inbox"):
        (tmp_path / f"{name}-away").rename(tmp_path / name)
    roots.check_all(database, NOW)
    assert state(database, disk) == state(database, inbox) == ("online", None)
    with database.read() as session:
        assert roots.get(session, disk).checked_at == NOW


def test_the_marker_of_another_ledger_freezes_until_thawed(
    database: Database, add_root: AddRoot, tmp_path: Path
) -> None:
    root_id = add_root()
    (tmp_path / "disk").rename(tmp_path / "right")
    root_folder.mark(str(tmp_path / "disk"), "originals", UUID(int=7))

    roots.check_all(database, NOW)
    (tmp_path / "disk").rename(tmp_path / "wrong")
    (tmp_path / "right").rename(tmp_path / "disk")
    roots.check_all(database, NOW)

    frozen, reason = state(database, root_id)
    assert frozen == "frozen"
    assert "another ledger" in str(reason)
    with database.transaction() as session:
        assert roots.thaw(session, root_id)
        assert not roots.thaw(session, root_id)
    assert state(database, root_id) == ("online", None)


def test_a_frozen_root_keeps_its_first_reason_and_is_not_written(
    database: Database, add_root: AddRoot
) -> None:
    root_id = add_root()

    with database.transaction() as session:
        assert roots.freeze(session, root_id, "40 vanished")
        assert not roots.freeze(session, root_id, "another")
    roots.check_all(database, NOW)

    assert state(database, root_id) == ("frozen", "40 vanished")
    with database.read() as session:
        known = roots.known(session, roots.get(session, root_id))
    with pytest.raises(root_folder.RootFrozenError, match="40 vanished"):
        known.open()
    known.open(is_for_writing=False).close()


def test_adopting_marks_a_restored_folder(
    database: Database, add_root: AddRoot, tmp_path: Path
) -> None:
    root_id = add_root()
    shutil.rmtree(tmp_path / "disk/.photofactory")
    roots.check_all(database, NOW)

    with database.transaction() as session:
        roots.adopt(session, root_id)

    assert state(database, root_id) == ("online", None)
    marker = root_markers.read_marker_at(str(tmp_path / "disk"))
    with database.read() as session:
        ledger_id = roots.ledger_id(session)
    assert marker == root_markers.Marker(root_id, ledger_id, "originals")


def test_adopting_accepts_a_new_foreign_folder(
    database: Database, add_root: AddRoot, tmp_path: Path
) -> None:
    root_id = add_root("source", "card")
    (tmp_path / "card").rename(tmp_path / "older-card")
    (tmp_path / "card").mkdir()

    with database.transaction() as session:
        roots.adopt(session, root_id)

    assert roots.check_all(database, NOW)[0].state == "online"


def test_adopting_never_takes_the_root_of_another_ledger(
    database: Database, add_root: AddRoot, tmp_path: Path
) -> None:
    root_id = add_root()
    shutil.rmtree(tmp_path / "disk")
    root_folder.mark(str(tmp_path / "disk"), "originals", UUID(int=7))

    with (
        pytest.raises(root_folder.RootOfAnotherLedgerError),
        database.transaction() as session,
    ):
        roots.adopt(session, root_id)


def test_what_is_not_there_is_said(database: Database) -> None:
    with database.read() as session:
        with pytest.raises(errors.DependencyError, match="not known"):
            roots.get(session, UUID(int=5))
        assert session.get(Root, UUID(int=5)) is None
