"""A clock that a test moves by hand."""

from datetime import UTC, datetime, timedelta


class HandClock:
    """Both clocks of `shared.clock.Clock`; neither moves by itself."""

    def __init__(self, start: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._monotonic = 1000.0

    def now(self) -> datetime:
        """The instant that the test has set."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since nothing in particular."""
        return self._monotonic

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds


class GoingOn:
    """A stop that nobody asks for."""

    is_requested = False


class Stopping:
    """A stop that somebody has asked for."""

    is_requested = True
