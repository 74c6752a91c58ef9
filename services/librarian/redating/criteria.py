"""Which photos a person means: KEY=VALUE, several of one key are alternatives, keys add up."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from librarian.domain import confidence
from shared.errors import UserError

_CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "confidence": (confidence.HIGH, confidence.MEDIUM, confidence.LOW, confidence.NONE),
    "conflict": ("yes", "no"),
    "suspicious": ("yes", "no"),
    "zone-source": ("tag", "gps", "utc_delta", "default", "manual", "none"),
}
KEYS: Final[Mapping[str, str]] = {
    "camera": "make and model, * for anything",
    "source": "where the date comes from, e.g. EXIF:DateTimeOriginal, * for anything",
    "from": "taken at or after this wall clock",
    "to": "taken at or before this wall clock; a day, month or year includes its end",
    "path": "path below Originals, * for anything",
    "id": "id of a photo",
    **{key: f"one of {', '.join(values)}" for key, values in _CHOICES.items()},
}
_ONCE: Final = frozenset(("from", "to"))
# What completes a year, a month or a day, and how many days lead into the next one.
_PERIODS: Final = {4: ("-01-01", 366), 7: ("-01", 31), 10: ("", 1)}
_WAY_OUT: Final = "keys: " + ", ".join(KEYS)

Criteria = Mapping[str, Sequence[Any]]


def parse(texts: Sequence[str]) -> Criteria:
    """The criteria by key, values in the form that the ledger compares.

    Raises UserError for an unknown key or a value that the key cannot have.
    """
    found: dict[str, list[Any]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or key not in KEYS:
            raise UserError(f'"{text}" is no criterion', _WAY_OUT)
        if key in _ONCE and key in found:
            raise UserError(f'"{key}" can be given once')
        found.setdefault(key, []).append(_value(key, value))
    return found


def moment(text: str, *, is_end: bool = False) -> datetime.datetime:
    """A wall clock; a day, month or year alone is its beginning or, with `is_end`, its end.

    Raises UserError for anything else.
    """
    text = text.strip()
    first_day, longest_days = _PERIODS.get(len(text), ("", 0))
    try:
        found = datetime.datetime.fromisoformat(text + first_day)
        if is_end and longest_days:
            later = f"{found + datetime.timedelta(days=longest_days):%Y-%m-%d}"
            after = datetime.datetime.fromisoformat(later[: len(text)] + first_day)
            found = after - datetime.timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise UserError(f'"{text}" is no time', "write it as 2019-07-14T10:00:00") from error
    if found.tzinfo is not None:
        raise UserError(f'"{text}" names an offset', "give the wall clock alone")
    return found


def like(pattern: str) -> str:
    """A pattern with * and ? as SQL's LIKE has it."""
    for mark in ("\\", "%", "_"):
        pattern = pattern.replace(mark, "\\" + mark)
    return pattern.replace("*", "%").replace("?", "_")


def _value(key: str, value: str) -> Any:  # noqa: ANN401  as the key has it
    parsers: Mapping[str, Callable[[str], Any]] = {
        "camera": lambda text: like(" ".join(text.lower().split())),
        "source": like,
        "path": like,
        "from": moment,
        "to": lambda text: moment(text, is_end=True),
        "id": _id,
        "conflict": "yes".__eq__,
        "suspicious": "yes".__eq__,
    }
    choices = _CHOICES.get(key, (value,))
    if value not in choices:
        raise UserError(f'{key} is never "{value}"', f"one of: {', '.join(choices)}")
    return parsers.get(key, str)(value)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise UserError(f'"{text}" is no id of a photo') from error
