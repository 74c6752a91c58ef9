"""`photofactory lock`: write the two lock files from the two lists of requirements."""

import argparse
import subprocess
import sys

from suite import checkout

HELP = "write requirements*.lock from requirements*.in"

UNIVERSAL = ("--universal", "--python-version", "3.11", "--generate-hashes")
QUIET = ("--no-emit-index-url", "--no-header", "--quiet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare whether versions may rise."""
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions of all")


def run(args: argparse.Namespace) -> int:
    """Return 1 when the requirements cannot be met; one lock for all systems and Pythons."""
    for name in ("requirements", "requirements-dev"):
        command = [sys.executable, "-m", "uv", "pip", "compile", *UNIVERSAL, *QUIET]
        upgrade = ["--upgrade"] if args.upgrade else []
        files = [f"{name}.in", "-o", f"{name}.lock"]
        done = subprocess.run(
            [*command, *upgrade, *files], cwd=checkout.ROOT, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0:
            return 1
    print("Written: requirements.lock, requirements-dev.lock")
    return 0
