import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import assets
import factories
import photos
from factories import Factory
from shared import ledger
from shared.clock import SystemClock
from shared.database import Database
from suite import access, cli


@pytest.fixture
def factory(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Factory:
    @contextmanager
    def opened(_data: Path) -> Iterator[Database]:
        yield database

    monkeypatch.setattr(access, "opened", opened)
    return factories.make(database, tmp_path)


@pytest.fixture
def held(factory: Factory) -> Factory:
    """A factory where something of every kind is held."""
    factory.drop("empty.jpg", b"")
    factory.drop("notes.txt", b"no picture at all")
    factory.drop("a.nef.dop", b"Sidecar = {}")
    factory.drop("alone.xmp", b"<x:xmpmeta/>")
    factory.drop("cut.jpg", cut())
    factory.drop("cut.xmp", b"<x:xmpmeta>")
    factory.file()
    return factory


def cut() -> bytes:
    whole = photos.jpeg(None, seed=3, size=(320, 240))
    return whole[: len(whole) // 2]


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, str]]]:
    capsys.readouterr()
    cli.run(["quarantine", "list", "--json"])
    found: dict[str, list[dict[str, str]]] = json.loads(capsys.readouterr().out)
    return found


def test_everything_that_is_held_is_listed_with_its_reason(
    held: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.run(["quarantine", "list"])

    said = capsys.readouterr().out
    assert code == 1
    assert "empty.jpg\n      empty: the file has no bytes (0 B, met 2" in said
    assert "notes.txt\n      unrecognised: no picture, video or sidecar (17 B" in said
    assert "a.nef.dop\n      unsupported: settings of DxO PhotoLab" in said
    assert "alone.xmp\n      waiting for its photo: alone.* in its folder (12 B" in said
    assert "cut.jpg\n      truncated\n" in said
    assert "cut.jpg.xmp\n      not read: not well-formed" in said
    assert "3 files and 0 stages of photos in quarantine, 1 file waiting, 2 files not whole" in said


def test_the_list_is_there_for_scripts(held: Factory, capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(capsys)

    assert [each["reason"] for each in found["files"]] == ["unsupported", "empty", "unrecognised"]
    assert [each["outcome"] for each in found["waiting"]] == ["waiting"]
    assert [each["damage"].split(":")[0] for each in found["damaged"]] == ["truncated", "not read"]
    assert found["stages"] == []


def test_the_whole_picture_is_named_with_the_cut_one(
    held: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    held.drop("again/cut.jpg", photos.jpeg(None, seed=3, size=(320, 240)))
    held.file()

    [damaged] = [each for each in listed(capsys)["damaged"] if each["damage"] == "truncated"]

    [whole] = held.rows("select final_path from media_assets where damage is null")
    assert damaged["whole"] == whole.final_path


def test_only_what_waits_is_no_fault(factory: Factory, capsys: pytest.CaptureFixture[str]) -> None:
    factory.drop("alone.xmp", b"<x:xmpmeta/>")
    factory.file()

    assert cli.run(["quarantine", "list"]) == 0
    assert "Not in the library" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["notes.txt", "alone.xmp"])
def test_a_released_file_leaves_the_list_and_stays_where_it_is(
    held: Factory, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = held.inbox / name

    assert cli.run(["quarantine", "release", str(path)]) == 0

    found = listed(capsys)
    assert path.exists()
    assert len(found["files"]) + len(found["waiting"]) == 3
    assert held.outcomes()[name] == "ignored"


def test_a_released_file_has_a_way_back(held: Factory) -> None:
    path = str(held.inbox / "notes.txt")
    cli.run(["quarantine", "release", path])

    assert cli.run(["quarantine", "retry", path]) == 0
    held.file()

    assert held.outcomes()["notes.txt"] == "quarantined"


def test_a_file_that_is_tried_again_can_be_filed(held: Factory) -> None:
    (held.inbox / "empty.jpg").write_bytes(photos.jpeg(None, seed=9))

    assert cli.run(["quarantine", "retry", "--all"]) == 0
    held.file()

    assert held.outcomes()["empty.jpg"] == "filed"


def test_a_stage_is_tried_again_and_not_released(
    factory: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    with factory.database.transaction() as session:
        asset_id = assets.add(session)
        failure = ledger.Failure(asset_id, "cannot decode", permanent=True)
        ledger.fail(session, "thumbnailed", [failure], version=1, now=SystemClock().now())

    released = cli.run(["quarantine", "release", str(asset_id)])
    said = capsys.readouterr().err
    listed_before = listed(capsys)["stages"]
    tried = cli.run(["quarantine", "retry", listed_before[0]["name"]])  # an id does as well

    assert (released, tried) == (cli.IMPOSSIBLE, 0)
    assert "only files are released" in said
    assert [each["error"] for each in listed_before] == ["cannot decode"]
    assert listed(capsys)["stages"] == []


def test_a_name_that_is_not_listed_is_said(
    held: Factory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["quarantine", "release", "/elsewhere.jpg"]) == cli.IMPOSSIBLE
    assert "/elsewhere.jpg is not in quarantine" in capsys.readouterr().err
