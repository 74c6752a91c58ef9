"""`photofactory bench`: measurements, each against a named reference."""

import argparse
import subprocess
import sys

from shared.errors import UserError
from suite import checkout

HELP = "run the benchmarks, or the named ones"

FOLDER = checkout.ROOT / "benchmarks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the names."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks/NAME.py")


def run(args: argparse.Namespace) -> int:
    """Return 1 when a benchmark failed; each prints its own result."""
    present = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
    unknown = set(args.names) - set(present)
    if unknown:
        raise UserError(
            f"there is no benchmark {', '.join(sorted(unknown))}",
            f"There are: {', '.join(present) or 'none'}",
        )
    codes = [
        subprocess.run([sys.executable, FOLDER / f"{name}.py"], check=False).returncode
        for name in args.names or present
    ]
    return 1 if any(codes) else 0
