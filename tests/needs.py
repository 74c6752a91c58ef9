"""Programs that a test needs and a machine may lack: skipped by name, failed where required."""

import os
import shutil
from typing import NoReturn

import pytest


def program(*names: str) -> str:
    """The path of the first of `names` that is installed.

    Else the test is skipped; with `REQUIRE_<FIRST NAME>=1` in the environment it fails.
    """
    found = next(filter(None, map(shutil.which, names)), None)
    return found or absent(names[0], f"there is no {' or '.join(names)} on this machine")


def absent(what: str, reason: str) -> NoReturn:
    """Skip the running test for `reason`, or fail it where `REQUIRE_<WHAT>=1`."""
    variable = f"REQUIRE_{what.upper()}"
    if os.environ.get(variable) == "1":  # noqa: TID251  what the run of the tests is told
        pytest.fail(f"{variable}=1, but {reason}")
    pytest.skip(f"{what}: {reason}")
