"""Finds the commands, parses the arguments, runs one command, turns errors into exit codes.

A command is a file of `suite/commands/` (`dead_letters.py` is `dead-letters`) with `HELP`,
`add_arguments(parser)` and `run(args) -> int`. Only the module of the chosen command is imported;
the `HELP` of the others is read from their source, so that `--help` stays quick.
"""

import argparse
import ast
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from shared.errors import PhotoFactoryError, UserError

COMMANDS_FOLDER = Path(__file__).parent / "commands"
DATA_FOLDER = "factory-data"

GROUPS = {
    "run": ("up", "status", "migrate"),
    "photos": ("ingest", "receipt", "explain", "redate", "clock-fix"),
    "care": (
        *("doctor", "retry", "quarantine", "dead-letters", "reconcile", "forget", "cleanup"),
        *("thaw", "backup-targets"),
        "rebuild",
    ),
    "development": ("test", "fmt", "lock", "docs", "bench"),
}
"""The order of `--help`; a command that is in no group stands under "more"."""

OK, NOT_WELL, IMPOSSIBLE, NOT_READY, INTERRUPTED = 0, 1, 2, 3, 130

EXIT_CODES = """exit codes:
  0    done
  1    done, and the answer is no: tests failed, something is not well
  2    not done: wrong arguments, or impossible; one line says why and what to do
  3    not done now: a database, broker, disk or other part does not answer; try again
  130  interrupted by Ctrl-C
"""


class CommandModule(Protocol):
    """What a module of `suite/commands/` offers."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; `args.data` is the data folder as an absolute path. Returns the exit code."""


def run(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name and return the exit code of the process."""
    available = commands()
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(overview(available))
        return OK
    name = arguments[0]
    if name not in available:
        _complain(f'there is no command "{name}". ./photofactory --help lists them')
        return IMPOSSIBLE
    return _guarded(lambda: _run(name, arguments[1:]))


def commands() -> dict[str, str]:
    """Every command with its line of help, from the sources in `suite/commands/`."""
    sources = sorted(COMMANDS_FOLDER.glob("[!_]*.py"))
    return {path.stem.replace("_", "-"): _help_line(path) for path in sources}


def load(name: str) -> CommandModule:
    """The module of the command `name`."""
    module: CommandModule = importlib.import_module(f"suite.commands.{name.replace('-', '_')}")
    return module


def overview(available: dict[str, str]) -> str:
    """The text of `photofactory --help`."""
    grouped = {name for names in GROUPS.values() for name in names}
    groups = {**GROUPS, "more": tuple(sorted(available.keys() - grouped))}
    lines = ["usage: photofactory COMMAND [OPTIONS]    (COMMAND --help says more)", ""]
    for title, names in groups.items():
        present = [name for name in names if name in available]
        if present:
            lines += [f"{title}:", *(f"  {name:<16}{available[name]}" for name in present), ""]
    return "\n".join([*lines, EXIT_CODES.rstrip()])


def _help_line(path: Path) -> str:
    for node in ast.parse(path.read_bytes()).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="HELP")], value=ast.Constant(value=str(text))):
                return text
    return ""


def _parser(name: str, module: CommandModule) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"photofactory {name}",
        description=module.HELP,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    if name not in GROUPS["development"]:
        parser.add_argument(
            "--data",
            metavar="DIR",
            default=Path(DATA_FOLDER).absolute(),
            type=lambda text: Path(text).expanduser().absolute(),
            help=f"the data folder (default: ./{DATA_FOLDER})",
        )
    return parser


def _run(name: str, arguments: Sequence[str]) -> int:
    module = load(name)
    return module.run(_parser(name, module).parse_args(arguments))


def _guarded(run: Callable[[], int]) -> int:
    try:
        return run()
    except UserError as error:
        way_out = error.way_out[:1].upper() + error.way_out[1:]
        _complain(". ".join(filter(None, (str(error).rstrip("."), way_out))))
        return IMPOSSIBLE
    except PhotoFactoryError as error:
        _complain(str(error))
        return NOT_READY
    except BrokenPipeError:  # | head
        sys.stderr.close()
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED


def _complain(text: str) -> None:
    print(f"photofactory: {text}", file=sys.stderr)
