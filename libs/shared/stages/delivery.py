"""What happens to a file that failed: one pure decision, and the breaker over all of them."""

from collections import deque
from dataclasses import dataclass
from typing import assert_never

from shared import events
from shared.errors import DependencyError, PermanentError, TransientError


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how long; times in seconds."""

    tries: int = 3
    retry_delay_s: float = 0.2
    unknown_tries: int = 2
    park_delay_s: float = 60.0
    park_delay_limit_s: float = 6 * 3600.0
    parks: int = 12


@dataclass(frozen=True, slots=True)
class Retry:
    """Try the same file again after ``delay_s``."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Park:
    """Put the file aside for ``delay_s``; the sweeper tries it again."""

    delay_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Give the file up for this producer version."""

    reason: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Keep the payload: no asset or job row can hold the failure."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Stop taking files until ``dependency`` is back; the file is not to blame."""

    dependency: str
    reason: str


Decision = Retry | Park | Quarantine | DeadLetter | Wait


def decide(error: Exception, *, attempt: int, parked_times: int, policy: Policy) -> Decision:
    """Return what follows from ``error`` of the ``attempt``-th try (from 1) in a row."""
    match error:
        case DependencyError():
            return Wait(error.dependency, str(error))
        case events.UndecodableError():
            return DeadLetter(str(error))
        case PermanentError():
            return Quarantine(describe(error))
        case TransientError() | OSError():
            return _transient(error, attempt, parked_times, policy)
        case _:
            return _unknown(error, attempt, policy)


def is_unknown(error: Exception) -> bool:
    """Return whether nobody anticipated this error: a bug rather than a bad file."""
    return not isinstance(error, PermanentError | TransientError | DependencyError | OSError)


def describe(error: Exception) -> str:
    """Return one line for people: the message, with the class where nobody wrote a message."""
    text = str(error).strip()
    if is_unknown(error) or not text:
        return f"{type(error).__name__}: {text}".rstrip(": ")
    return text


def park_delay_s(parked_times: int, policy: Policy) -> float:
    """Return the pause before the next round: doubled each time, with a ceiling."""
    return float(min(policy.park_delay_s * 2 ** min(parked_times, 30), policy.park_delay_limit_s))


def wait_delay_s(tries: int, *, jitter: float) -> float:
    """Return the pause before asking a dependency again: full jitter, at most 30 s.

    ``jitter`` is in 0..1.
    """
    return 0.1 + jitter * min(0.5 * 2.0 ** min(tries, 10), 30.0)


def _unknown(error: Exception, attempt: int, policy: Policy) -> Decision:
    if attempt < policy.unknown_tries:
        return Retry(policy.retry_delay_s)
    return Quarantine(describe(error))


def _transient(error: Exception, attempt: int, parked_times: int, policy: Policy) -> Decision:
    if attempt < policy.tries:
        return Retry(policy.retry_delay_s * 2.0 ** (attempt - 1))
    if parked_times >= policy.parks:
        return Quarantine(f"given up after {parked_times} pauses: {describe(error)}")
    return Park(park_delay_s(parked_times, policy), describe(error))


class Breaker:
    """Opens when unknown errors look like our own bug rather than like bad files.

    Open after ``in_a_row`` of them without a success between, or when they are ``share`` of the
    last ``window`` outcomes. While open nothing is condemned; one success closes it.
    """

    def __init__(self, *, in_a_row: int = 5, share: float = 0.5, window: int = 40) -> None:
        self._in_a_row = in_a_row
        self._share = share
        self._outcomes: deque[bool] = deque(maxlen=window)
        self._run = 0
        self.is_open = False

    def note(self, *, unknown: bool) -> None:
        """Count one finished file."""
        self._outcomes.append(unknown)
        self._run = self._run + 1 if unknown else 0
        if not unknown and self.is_open:
            self._outcomes.clear()
        self.is_open = self._run >= self._in_a_row or self._is_share_reached()

    def _is_share_reached(self) -> bool:
        full = len(self._outcomes) == self._outcomes.maxlen
        return full and sum(self._outcomes) >= self._share * len(self._outcomes)


def as_outcome(decision: Decision) -> str:
    """Return the name of a decision for logs and metrics."""
    match decision:
        case Retry():
            return "retried"
        case Park():
            return "parked"
        case Quarantine():
            return "quarantined"
        case DeadLetter():
            return "dead_lettered"
        case Wait():
            return "waiting"
        case _:
            assert_never(decision)
