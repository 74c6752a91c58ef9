"""`reconcile` and `forget` as a person types them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import backups
import factories
import photos
from factories import Factory
from shared.database import Database
from suite import access, cli

DAY = "2023/2023-07-01"


@pytest.fixture
def factory(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Factory:
    @contextmanager
    def opened(_data: Path) -> Iterator[Database]:
        yield database

    monkeypatch.setattr(access, "opened", opened)
    made = factories.make(database, tmp_path)
    made.drop("a.jpg", photos.jpeg(seed=1))
    made.drop("b.jpg", photos.jpeg(seed=2))
    made.file()
    backups.make(made)
    return made


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    """Let a person sit there who answers so; what they are asked."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return text

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", ask)
    return asked


def test_lost_originals_and_lost_copies_are_named_and_made_again(
    factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    (factory.originals / DAY / "a.jpg").unlink()
    copy = factory.inbox.parent / "Backup" / DAY / "b.jpg"
    copy.unlink()

    assert cli.run(["reconcile"]) == 1
    named = capsys.readouterr().out
    assert f"missing: {DAY}/a.jpg\n" in named
    assert f"copy is missing: {copy}\n" in named
    assert "2 differences left" in named

    assert cli.run(["reconcile", "--repair"]) == 0
    repaired = capsys.readouterr().out
    assert f"missing: {DAY}/a.jpg - repaired: restored from Backup" in repaired
    assert f"copy is missing: {copy} - repaired: the suite makes it again" in repaired
    assert (factory.originals / DAY / "a.jpg").read_bytes() == photos.jpeg(seed=1)
    [row] = factory.rows("select is_backed_up from media_assets where original_name = 'b.jpg'")
    assert not row.is_backed_up


def test_what_a_person_brought_back_by_hand_is_missing_no_more(factory: Factory) -> None:
    path = factory.originals / DAY / "a.jpg"
    content = path.read_bytes()
    path.unlink()
    (factory.inbox.parent / "Backup" / DAY / "a.jpg").unlink()
    damages = "select damage from media_assets where original_name = 'a.jpg'"

    assert cli.run(["reconcile", "--repair"]) == 1
    assert factory.rows(damages) == [("missing",)]

    path.write_bytes(content)
    assert cli.run(["reconcile", "--repair"]) == 0
    assert factory.rows(damages) == [(None,)]


def test_copies_on_a_target_that_is_away_are_not_called_missing(
    factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = factory.inbox.parent / "Backup"
    backup.rename(backup.with_name("unplugged"))

    assert cli.run(["reconcile", "--repair"]) == 0

    assert "copies on Backup were not looked at" in capsys.readouterr().err
    assert factory.rows("select state from asset_copies") == [("verified",)] * 2


def test_only_deep_reads_and_what_it_finds_is_repaired(
    factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    original = factory.originals / DAY / "a.jpg"
    content = original.read_bytes()
    original.write_bytes(content[::-1])

    assert cli.run(["reconcile"]) == 0
    capsys.readouterr()
    assert cli.run(["reconcile", "--deep", "--repair", "--json"]) == 1

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["kind"], each["is_repaired"]) for each in told] == [
        ("changed", True),
        ("kept aside", False),
    ]
    assert original.read_bytes() == content


def test_forgetting_shows_the_copies_and_asks(
    factory: Factory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (factory.originals / DAY / "a.jpg").unlink()
    asked = answer(monkeypatch, "")

    assert cli.run(["forget", f"{DAY}/a.jpg"]) == 1

    assert f"Backup/{DAY}/a.jpg (is there, and stays)" in capsys.readouterr().out
    assert "restore from copies instead" in asked[0]
    assert factory.rows("select removed_at from media_assets") == [(None,)] * 2


def test_instead_of_forgetting_a_person_may_restore(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (factory.originals / DAY / "a.jpg").unlink()
    answer(monkeypatch, "r")

    assert cli.run(["forget", f"{DAY}/a.jpg"]) == 0

    assert (factory.originals / DAY / "a.jpg").read_bytes() == photos.jpeg(seed=1)


def test_a_forgotten_photo_leaves_the_alerts_and_its_receipt_says_so(
    factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    (factory.originals / DAY / "a.jpg").unlink()

    assert cli.run(["forget", "--yes", f"{DAY}/a.jpg"]) == 0
    assert cli.run(["reconcile"]) == 0
    capsys.readouterr()
    assert cli.run(["receipt", f"{DAY}/a.jpg"]) == 0
    assert "removed from the library on" in capsys.readouterr().out
    assert cli.run(["explain", f"{DAY}/a.jpg"]) == cli.IMPOSSIBLE
    assert "removed from the library on" in capsys.readouterr().err


def test_a_folder_means_what_is_gone_from_it(
    factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    (factory.originals / DAY / "a.jpg").unlink()

    assert cli.run(["forget", "--yes", "2023/"]) == 0

    assert "1 forgotten" in capsys.readouterr().out
    [row] = factory.rows("select original_name from media_assets where removed_at is not null")
    assert row.original_name == "a.jpg"
    for folder in ("2023", "2022"):
        assert cli.run(["forget", "--yes", folder]) == cli.IMPOSSIBLE


def test_a_photo_that_is_there_is_not_forgotten(factory: Factory) -> None:
    assert cli.run(["forget", "--yes", f"{DAY}/a.jpg"]) == cli.IMPOSSIBLE

    assert factory.rows("select removed_at from media_assets") == [(None,)] * 2
