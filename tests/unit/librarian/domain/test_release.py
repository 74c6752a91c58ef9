import dataclasses

import pytest

from librarian.domain import release
from librarian.domain.release import Verdict

FIRST = release.Look(size=10, mtime_ns=1, inode=7, ctime_ns=1, is_regular=True, at=100.0)


def later(seconds: float, **changes: int) -> release.Look:
    return dataclasses.replace(FIRST, at=FIRST.at + seconds, **changes)  # type: ignore[arg-type]


def verdicts(*looks: release.Look) -> list[Verdict]:
    waiting, found = None, []
    for look in looks:
        waiting, verdict = release.observe(waiting, look)
        found.append(verdict)
    return found


def test_a_file_is_released_when_it_is_quiet_for_five_seconds() -> None:
    assert verdicts(FIRST, later(4.9), later(5.0)) == [
        Verdict.WAITING,
        Verdict.WAITING,
        Verdict.RELEASED,
    ]


def test_one_look_never_releases() -> None:
    assert verdicts(FIRST) == [Verdict.WAITING]


@pytest.mark.parametrize("change", [{"size": 11}, {"mtime_ns": 2}, {"inode": 8}])
def test_a_change_starts_the_quiet_time_again(change: dict[str, int]) -> None:
    found = verdicts(FIRST, later(4, **change), later(8, **change), later(9, **change))

    assert found == [Verdict.WAITING, Verdict.CHANGED, Verdict.WAITING, Verdict.RELEASED]


def test_an_event_starts_the_quiet_time_again() -> None:
    waiting, _ = release.observe(None, FIRST)

    waiting = release.disturbed(waiting, 103.0)

    assert release.observe(waiting, later(5))[1] is Verdict.WAITING
    assert release.observe(waiting, later(8))[1] is Verdict.RELEASED


def test_what_is_no_regular_file_is_never_released() -> None:
    link = dataclasses.replace(FIRST, is_regular=False)

    assert verdicts(link, dataclasses.replace(link, at=200.0)) == [Verdict.IRREGULAR] * 2
    assert verdicts(link, later(9)) == [Verdict.IRREGULAR, Verdict.CHANGED]


@pytest.mark.parametrize(("age_s", "quiet_s"), [(61, 1.0), (59, 5.0), (-5, 5.0)])
def test_a_file_long_untouched_needs_a_shorter_look(age_s: int, quiet_s: float) -> None:
    now_ns = 10**18

    assert release.quiet_period_s(now_ns - age_s * 10**9, now_ns) == quiet_s
