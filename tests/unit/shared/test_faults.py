"""Fault points: quiet unless armed."""

import errno
from collections.abc import Iterator

import pytest

from shared import faults


@pytest.fixture(autouse=True)
def _disarm() -> Iterator[None]:
    yield
    faults.arm("")


def test_a_point_that_is_not_armed_does_nothing() -> None:
    faults.point("filing.begin")
    faults.arm("filing.end:eio")
    faults.point("filing.begin")


def test_the_nth_hit_fails_and_no_other() -> None:
    faults.arm("filing.begin:enospc:2")

    faults.point("filing.begin")
    with pytest.raises(OSError, match=r"fault filing\.begin") as caught:
        faults.point("filing.begin")
    faults.point("filing.begin")

    assert caught.value.errno == errno.ENOSPC


def test_zero_means_every_hit_and_commas_separate() -> None:
    faults.arm("a:eio:0,b:exdev")

    for name, number in [("a", errno.EIO), ("a", errno.EIO), ("b", errno.EXDEV)]:
        with pytest.raises(OSError, match="fault") as caught:
            faults.point(name)
        assert caught.value.errno == number


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="the action is kill, enospc, eio, exdev"):
        faults.arm("a:explode")
