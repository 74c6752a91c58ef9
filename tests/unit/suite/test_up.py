"""What up understands, and what it says."""

import argparse
from pathlib import Path

import pytest

from shared.errors import UserError
from suite import console, inbox, suite_run
from suite.commands import up
from suite.data_folder import DataFolder
from suite.folder_setup import Outcome
from suite.inbox import Inbox
from suite.restart_policy import Decision
from suite.service_process import Ended


@pytest.fixture
def wishes(monkeypatch: pytest.MonkeyPatch) -> list[suite_run.Wish]:
    """What was wished for, instead of doing it."""
    seen: list[suite_run.Wish] = []

    def note(wish: suite_run.Wish) -> int:
        seen.append(wish)
        return 0

    monkeypatch.setattr(suite_run, "run", note)
    monkeypatch.delenv("PHOTOFACTORY_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    return seen


def up_with(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    up.add_arguments(parser)
    parser.set_defaults(data=Path("/data"))
    return up.run(parser.parse_args(arguments))


def test_it_needs_no_argument(wishes: list[suite_run.Wish]) -> None:
    assert up_with() == 0

    (wish,) = wishes
    assert (wish.folder.path, wish.port, wish.inboxes) == (Path("/data"), up.DEFAULT_PORT, ())
    assert wish.kafka is None
    assert wish.zone is None


@pytest.mark.parametrize(
    ("text", "path", "mode"),
    [
        ("/phone", "/phone", "copy"),
        ("/phone=copy", "/phone", "copy"),
        ("/phone=move", "/phone", "move"),
        ("/a=b", "/a=b", "copy"),
        ("/a=b=move", "/a=b", "move"),
    ],
)
def test_an_inbox_is_in_copy_mode_unless_it_says_move(
    wishes: list[suite_run.Wish], text: str, path: str, mode: str
) -> None:
    up_with("--inbox", text)

    assert [(str(inbox.path), inbox.mode) for inbox in wishes[0].inboxes] == [(path, mode)]


def test_a_broker_is_named_by_host_and_port(wishes: list[suite_run.Wish]) -> None:
    up_with("--kafka", "localhost:9092")
    assert wishes[0].kafka == "localhost:9092"

    with pytest.raises(UserError, match="no address of a broker"):
        up_with("--kafka", "localhost")


def test_the_announcement_tells_the_modes_and_the_shared_disk(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome = Outcome(
        inboxes=[Inbox(Path("/data/Photos_Inbox"), "move"), Inbox(Path("/phone"), "copy")],
        is_backup_on_same_disk=True,
        warnings=["the disk is missing"],
    )

    console.announce(DataFolder(Path("/data")), outcome, "Europe/Berlin")

    said = capsys.readouterr().out
    for expected in ("/data/Photos_Inbox  (move", "/phone  (copy"):
        assert expected in said
    assert "same disk" in said
    assert "the disk is missing" in said


def test_a_crash_loop_is_named_with_its_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "librarian.log"
    log.write_text("Traceback\nValueError: no\n")

    console.service_ended(Ended("librarian", "ended with code 1", Decision(4, 4.0)), log)

    said = capsys.readouterr().out
    assert "librarian keeps ending (4 times in a row" in said
    assert "ValueError: no" in said
    assert str(log) in said


def test_one_end_is_no_crash_loop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    console.service_ended(Ended("backup", "ended with code 1", Decision(1, 0.5)), tmp_path / "log")

    assert capsys.readouterr().out == "backup ended with code 1; starting it again in 0.5 s\n"


def test_a_mode_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match='"bad" is neither "copy" nor "move"'):
        inbox.parse(f"{tmp_path}=bad")


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (b'{"missing": {"librarian": ["filing: is frozen"]}}', "librarian: filing: is frozen"),
        (b'{"missing": {"backup": ["a", "b"], "geocoder": ["c"]}}', "backup: a, b; geocoder: c"),
        (b"{}", ""),
        (b'{"missing": 1}', ""),
        (b"<html>", ""),
    ],
)
def test_what_keeps_it_from_being_ready_is_told(answered: bytes, said: str) -> None:
    assert suite_run.missing(answered) == said
