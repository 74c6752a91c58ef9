"""A service that ends is started again, later each time, until it has been stable."""

import pytest

from suite import restart_policy


def test_the_first_end_is_followed_by_a_quick_start() -> None:
    decision = restart_policy.after_end(0, ran_for_s=5)

    assert decision.delay_s == 0.5
    assert not decision.is_crash_loop


def test_delays_grow_up_to_a_minute() -> None:
    delays = [restart_policy.after_end(failures, ran_for_s=0).delay_s for failures in range(100)]

    assert delays[:4] == [0.5, 1, 2, 4]
    assert delays[-1] == 60


@pytest.mark.parametrize(("failures", "is_loop"), [(0, False), (2, False), (3, True), (50, True)])
def test_the_fourth_end_in_a_row_is_a_crash_loop(failures: int, is_loop: bool) -> None:
    assert restart_policy.after_end(failures, ran_for_s=1).is_crash_loop is is_loop


def test_a_stable_run_clears_the_record() -> None:
    assert restart_policy.after_end(50, ran_for_s=61).failures == 1
