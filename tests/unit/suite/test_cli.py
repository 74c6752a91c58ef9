import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.errors import DependencyError, UserError
from suite import cli


class Command:
    HELP = "do it"

    def __init__(self, action: Callable[[argparse.Namespace], int]) -> None:
        self.run = action

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--times", type=int, default=1)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., int]], None]:
    def install(action: Callable[[argparse.Namespace], int]) -> None:
        monkeypatch.setattr(cli, "commands", lambda: {"status": "do it"})
        monkeypatch.setattr(cli, "load", lambda _name: Command(action))

    return install


def test_every_command_loads_and_has_a_line_of_help() -> None:
    available = cli.commands()

    assert {"test", "fmt", "lock", "docs", "bench"} <= available.keys()
    for name, line in available.items():
        module = cli.load(name)
        parser = argparse.ArgumentParser()
        module.add_arguments(parser)
        assert line == module.HELP
        assert line


def test_a_command_is_a_file_and_its_help_is_read_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dead_letters.py").write_text('HELP = "list them"\nraise SystemExit')
    (tmp_path / "_private.py").write_text("")
    monkeypatch.setattr(cli, "COMMANDS_FOLDER", tmp_path)

    assert cli.commands() == {"dead-letters": "list them"}


def test_the_overview_lists_present_commands_by_group_and_the_exit_codes() -> None:
    text = cli.overview({"up": "start", "test": "check", "new-one": "brand new"})

    assert text.index("run:") < text.index("  up") < text.index("development:")
    assert text.index("more:") < text.index("new-one")
    assert "photos:" not in text
    assert "130" in text


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_without_a_command_the_overview_is_printed(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == cli.OK
    assert "usage: photofactory COMMAND" in capsys.readouterr().out


def test_an_unknown_command_is_named_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["upp"]) == cli.IMPOSSIBLE
    assert capsys.readouterr().err == (
        'photofactory: there is no command "upp". ./photofactory --help lists them\n'
    )


def test_the_data_folder_is_absolute_and_belongs_to_the_callers_folder(
    command: Callable[[Callable[..., int]], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen: list[Path] = []

    def notes(args: argparse.Namespace) -> int:
        seen.append(args.data)
        return cli.OK

    command(notes)

    cli.run(["status"])
    cli.run(["status", "--data", "my data"])

    assert seen == [tmp_path / "factory-data", tmp_path / "my data"]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("no such photo"), cli.IMPOSSIBLE, "photofactory: no such photo\n"),
        (
            UserError("not running.", "Start it with up"),
            cli.IMPOSSIBLE,
            "photofactory: not running. Start it with up\n",
        ),
        (
            DependencyError("database", "refused"),
            cli.NOT_READY,
            "photofactory: database: refused\n",
        ),
        (KeyboardInterrupt(), cli.INTERRUPTED, ""),
    ],
)
def test_an_error_becomes_one_line_and_an_exit_code(
    command: Callable[[Callable[..., int]], None],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    message: str,
) -> None:
    def fails(_args: argparse.Namespace) -> int:
        raise error

    command(fails)

    assert cli.run(["status"]) == code
    assert capsys.readouterr().err == message


def test_the_commands_own_exit_code_is_returned(
    command: Callable[[Callable[..., int]], None],
) -> None:
    command(lambda args: args.times)

    assert cli.run(["status", "--times", "1"]) == 1
