"""A person sees why a folder is frozen and what differs, before work goes on in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import assets
import library as libraries
from library import Library
from shared import models
from shared.database import Database
from shared.disk import roots
from suite import access, cli


@pytest.fixture
def frozen(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    library = libraries.make(database, tmp_path)
    assets.add_many(database, 0)
    library.file("2019/a.jpg", b"a")
    library.file("2019/b.jpg", b"b")
    library.path("2019/b.jpg").unlink()
    with database.transaction() as session:
        roots.freeze(session, library.originals, "1 of 2 known files vanished")

    @contextmanager
    def opened(data: Path) -> Iterator[Database]:
        yield database

    monkeypatch.setattr(access, "opened", opened)
    return library


def state(library: Library) -> str:
    with library.database.read() as session:
        return roots.get(session, library.originals).state


def test_it_shows_the_difference_and_asks(
    frozen: Library, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "n")

    assert cli.run(["thaw"]) == 1

    said = capsys.readouterr().out
    assert "1 of 2 known files vanished" in said
    assert "2019/b.jpg: missing" in said
    assert state(frozen) == "frozen"


def test_thawed_by_a_person_what_is_missing_is_named_and_freezes_nothing_again(
    frozen: Library,
) -> None:
    assert cli.run(["thaw", "--yes", str(frozen.path(""))]) == 0

    assert state(frozen) == "online"
    with frozen.database.read() as session:
        damages = session.scalars(sa.select(models.MediaAsset.damage)).all()
    assert sorted(map(str, damages)) == ["None", "missing"]
    assert cli.run(["thaw"]) == 0


def test_a_folder_that_is_not_there_stays_frozen(
    frozen: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    frozen.path("").rename(frozen.folder / "unmounted")

    assert cli.run(["thaw", "--yes"]) == 1

    assert "cannot be thawed now" in capsys.readouterr().out
    assert state(frozen) == "frozen"


def test_a_folder_that_is_not_frozen_is_refused(frozen: Library) -> None:
    assert cli.run(["thaw", str(frozen.folder)]) == cli.IMPOSSIBLE


def test_a_ledger_that_is_frozen_is_left_to_reconcile(
    frozen: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    with frozen.database.transaction() as session:
        session.execute(sa.update(models.Ledger).values(frozen_reason="older than the disk"))

    assert cli.run(["thaw", "--yes"]) == 1

    assert "reconcile --repair" in capsys.readouterr().out
    assert state(frozen) == "online"
