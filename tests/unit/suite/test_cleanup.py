"""How many days of history are kept."""

import argparse

import pytest

from suite.commands import cleanup


def test_whole_days_are_understood() -> None:
    assert cleanup.days("60") == 60


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "", "1000000"])
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no number of days"):
        cleanup.days(text)
