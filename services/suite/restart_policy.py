"""When a service that ended is started again: soon at first, then ever later (pure)."""

from dataclasses import dataclass

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 60.0
STABLE_S = 60.0
"""A service that ran this long has recovered from whatever ended it before."""
CRASH_LOOP_FAILURES = 4


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from one end of a service."""

    failures: int
    """Ends in a row, each before the service was stable."""
    delay_s: float

    @property
    def is_crash_loop(self) -> bool:
        """Whether this is no accident any more."""
        return self.failures >= CRASH_LOOP_FAILURES


def after_end(failures: int, ran_for_s: float) -> Decision:
    """Return what to do when a service ended, after ``failures`` earlier ends in a row."""
    failures = 1 if ran_for_s >= STABLE_S else failures + 1
    delay_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** min(failures - 1, 16))
    return Decision(failures, delay_s)
