import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import events
from shared.errors import DependencyError, PermanentError, TransientError
from shared.stages import delivery
from shared.stages.delivery import Breaker, Park, Policy, Quarantine, Retry, Wait

POLICY = Policy()


def decide(error: Exception, attempt: int = 1, parked_times: int = 0) -> delivery.Decision:
    return delivery.decide(error, attempt=attempt, parked_times=parked_times, policy=POLICY)


def test_a_bad_file_is_quarantined_at_once() -> None:
    assert decide(PermanentError("not an image")) == Quarantine("not an image")


def test_a_lost_dependency_is_waited_for_whatever_the_attempt() -> None:
    assert decide(DependencyError("root", "gone"), attempt=9) == Wait("root", "root: gone")


def test_a_payload_that_is_no_event_is_a_dead_letter() -> None:
    assert isinstance(decide(events.UndecodableError("?")), delivery.DeadLetter)


@pytest.mark.parametrize("error", [TransientError("busy"), OSError(5, "Input/output error")])
def test_an_error_that_may_pass_is_tried_shortly_then_parked(error: Exception) -> None:
    assert decide(error, attempt=1) == Retry(0.2)
    assert decide(error, attempt=2) == Retry(0.4)
    parked = decide(error, attempt=3)
    assert isinstance(parked, Park)
    assert parked.delay_s == 60


def test_parking_takes_longer_each_time_and_ends_in_quarantine() -> None:
    delays = [delivery.park_delay_s(times, POLICY) for times in range(POLICY.parks)]

    assert delays == sorted(delays)
    assert max(delays) == 6 * 3600
    given_up = decide(TransientError("busy"), attempt=3, parked_times=POLICY.parks)
    assert given_up == Quarantine("given up after 12 pauses: busy")


def test_a_bug_gets_one_more_attempt_and_is_named_with_its_class() -> None:
    assert decide(KeyError("width"), attempt=1) == Retry(0.2)
    assert decide(KeyError("width"), attempt=2) == Quarantine("KeyError: 'width'")


def test_an_error_without_words_is_named_by_its_class() -> None:
    assert delivery.describe(TransientError()) == "TransientError"


@given(tries=st.integers(0, 10_000), jitter=st.floats(0, 1))
def test_no_wait_is_longer_than_half_a_minute(tries: int, jitter: float) -> None:
    assert 0 < delivery.wait_delay_s(tries, jitter=jitter) <= 30.1


def test_the_breaker_opens_after_some_in_a_row_and_closes_with_a_success() -> None:
    breaker = Breaker(in_a_row=3)

    seen = []
    for unknown in (True, True, False, True, True, True, False):
        breaker.note(unknown=unknown)
        seen.append(breaker.is_open)

    assert seen == [False, False, False, False, False, True, False]


def test_the_breaker_opens_when_half_of_the_last_ones_are_unknown() -> None:
    breaker = Breaker(in_a_row=100, share=0.5, window=10)

    for turn in range(10):
        breaker.note(unknown=turn % 2 == 1)

    assert breaker.is_open
    breaker.note(unknown=False)
    assert not breaker.is_open
