"""`photofactory fmt`: format the sources and apply the safe fixes of the linter."""

import argparse
import subprocess
import sys

from suite import checkout

HELP = "format the sources, apply safe fixes of the linter"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the paths."""
    everything = [str(checkout.ROOT)]
    parser.add_argument("paths", nargs="*", default=everything, help="files or folders")


def run(args: argparse.Namespace) -> int:
    """Return 1 when the linter still has something to say."""
    ruff = [sys.executable, "-m", "ruff"]
    fixed = subprocess.run([*ruff, "check", "--fix", *args.paths], check=False)
    subprocess.run([*ruff, "format", *args.paths], check=True)
    return fixed.returncode
