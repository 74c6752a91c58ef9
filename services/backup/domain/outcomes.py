"""What follows from what was copied and what was not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.errors import DependencyError, PermanentError

PARKED_S: Final = 3600.0
"""So long an asset waits for a target that is away; it is retried earlier when that is back."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a target did not get its copy."""

    target: str
    error: Exception

    @property
    def is_away(self) -> bool:
        """Whether the target is to blame and not the file."""
        return isinstance(self.error, DependencyError)


def error_to_raise(
    troubles: Sequence[Trouble], *, made: int, active_targets: int
) -> Exception | None:
    """Return the error that decides over an asset, or None when there is something to record.

    The service waits only while no target at all can be used: one that is away holds back
    nothing but itself, so its assets are recorded as parked.
    """
    if made or not troubles:
        return None
    of_the_file = next((each.error for each in troubles if not each.is_away), None)
    if of_the_file is not None:
        return of_the_file
    return troubles[0].error if len(troubles) >= active_targets else None


def is_hopeless(troubles: Sequence[Trouble]) -> bool:
    """Whether trying again would change nothing."""
    return any(isinstance(each.error, PermanentError) for each in troubles)


def explain(troubles: Sequence[Trouble]) -> str:
    """Return one line for people."""
    return "; ".join(f"no copy on {each.target}: {each.error}" for each in troubles)
