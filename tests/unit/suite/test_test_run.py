from suite.test_run import Totals


def totals(passed: str = "", failed: str = "", skipped: str = "", flaky: str = "") -> Totals:
    return Totals(*(frozenset(names.split()) for names in (passed, failed, skipped, flaky)))


def test_the_last_line_counts_tests() -> None:
    assert totals("a b", "c", "d e f").line() == "2 passed, 1 failed, 3 skipped"


def test_a_failed_check_counts_as_failed() -> None:
    assert totals("a").with_failed(["mypy"]).line() == "1 passed, 1 failed, 0 skipped"


def test_a_test_that_passes_when_run_again_is_flaky_and_counts_as_passed() -> None:
    after = totals("a", "b c").after_retry(totals("b", "c"))

    assert after == totals("a b", "c", flaky="b")


def test_a_test_that_the_retry_did_not_run_stays_failed() -> None:
    assert totals("a", "b").after_retry(totals()) == totals("a", "b")
