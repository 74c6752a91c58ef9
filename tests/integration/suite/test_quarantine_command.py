from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import factories
import photos
from factories import Factory
from shared.database import Database
from suite import access, cli


@pytest.fixture
def factory(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Factory:
    @contextmanager
    def opened(_data: Path) -> Iterator[Database]:
        yield database

    monkeypatch.setattr(access, "opened", opened)
    made = factories.make(database, tmp_path)
    made.drop("empty.jpg", b"")
    made.drop("notes.txt", b"no picture at all")
    whole = photos.jpeg(None, seed=3, size=(320, 240))
    made.drop("cut.jpg", whole[: len(whole) // 2])
    made.file()
    return made


def test_what_is_kept_out_is_listed_with_its_reason_and_damaged_originals_with_theirs(
    factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.run(["quarantine", "list"])

    said = capsys.readouterr().out
    assert code == 1
    assert "empty.jpg" in said
    assert "the file has no bytes" in said
    assert "unrecognised" in said
    assert "cut.jpg\n    in the library, not whole: truncated" in said
    assert "2 files and 0 stages" in said


def test_a_released_file_leaves_the_list_and_stays_where_it_is(
    factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    path = factory.inbox / "notes.txt"

    assert cli.run(["quarantine", "release", str(path)]) == 0
    cli.run(["quarantine", "list"])

    assert path.exists()
    assert "1 files and 0 stages" in capsys.readouterr().out
    assert factory.outcomes()["notes.txt"] == "ignored"


def test_a_file_that_is_tried_again_can_be_filed(factory: Factory) -> None:
    (factory.inbox / "empty.jpg").write_bytes(photos.jpeg(None, seed=9))

    assert cli.run(["quarantine", "retry", "--all"]) == 0
    factory.file()

    assert factory.outcomes()["empty.jpg"] == "filed"


def test_a_name_that_is_not_listed_is_said(
    factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["quarantine", "release", "/elsewhere.jpg"]) == cli.IMPOSSIBLE
    assert "/elsewhere.jpg is not in quarantine" in capsys.readouterr().err
