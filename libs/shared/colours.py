"""The colour of a service, computed in one place for table, metric and detail view."""

from typing import Literal

Colour = Literal["green", "yellow", "red"]

_RANK: dict[Colour, int] = {"green": 0, "yellow": 1, "red": 2}
_OF_STATUS: dict[str, Colour] = {"OK": "green", "WARNING": "yellow", "ERROR": "red"}


def of_age(age_s: float, interval_s: int = 30) -> Colour:
    """Return the colour of a heartbeat ``age_s`` old; limits grow with long intervals."""
    age = int(age_s)
    if age <= max(60, interval_s):
        return "green"
    if age <= max(180, 2 * interval_s):
        return "yellow"
    return "red"


def of_service(age_s: float | None, status: str, interval_s: int = 30) -> Colour:
    """Return the worst of age and status; a service never seen (age None) is red."""
    if age_s is None:
        return "red"
    candidates: list[Colour] = [of_age(age_s, interval_s), _OF_STATUS.get(status, "red")]
    return max(candidates, key=_RANK.__getitem__)
