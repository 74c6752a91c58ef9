"""The program behind `./photofactory`."""

from collections.abc import Sequence

from suite import cli


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code of the process."""
    return cli.run(arguments)
