"""`photofactory bench`: measurements, each against a named reference."""

import argparse
import itertools
import os
import subprocess
import sys
from collections.abc import Sequence

from shared.errors import UserError
from suite import checkout

HELP = "run the benchmarks, or the named ones"

FOLDER = checkout.ROOT / "benchmarks"
IMPORT_PATH = ("services", "libs", "tests", "benchmarks/support")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the names."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="benchmarks/NAME.py; their own options follow after --",
    )


def run(args: argparse.Namespace) -> int:
    """Return 1 when a benchmark failed; each prints its own result."""
    present = sorted(path.stem for path in FOLDER.glob("*.py"))
    names = list(itertools.takewhile(lambda each: not each.startswith("-"), args.names))
    options = args.names[len(names) :]
    unknown = set(names) - set(present)
    if unknown:
        raise UserError(
            f"there is no benchmark {', '.join(sorted(unknown))}",
            f"There are: {', '.join(present) or 'none'}",
        )
    codes = [_run(name, options) for name in names or present]
    return 1 if any(codes) else 0


def _run(name: str, options: Sequence[str]) -> int:
    """Return the exit code of one benchmark."""
    print(f"# {name}", flush=True)
    path = os.pathsep.join(str(checkout.ROOT / part) for part in IMPORT_PATH)
    environment = {**os.environ, "PYTHONPATH": path}  # noqa: TID251  handed on
    command = [sys.executable, "-P", str(FOLDER / f"{name}.py"), *options]
    return subprocess.run(command, env=environment, check=False).returncode
