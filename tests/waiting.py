"""Wait for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    condition: Callable[[], T], *, within_s: float = 60.0, what: str = "", every_s: float = 0.02
) -> T:
    """The first true value of `condition()`; fails the test when none comes in `within_s`.

    The limit is for a machine under heavy load, not an expectation. What the last look saw is
    part of the failure.
    """
    deadline = time.monotonic() + within_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(
                f"not within {within_s:g} s: {what or condition} (last: {value!r})"
            )
        time.sleep(every_s)
