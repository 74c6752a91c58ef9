"""The program behind `./photofactory`."""

from collections.abc import Sequence

from shared import logs
from suite import cli


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code of the process."""
    logs.configure("photofactory", "WARNING")  # a person reads the command's own words
    return cli.run(arguments)
