"""Which photos a person means: KEY=VALUE, several of one key are alternatives, keys add up."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from shared.errors import UserError

KEYS: Final[Mapping[str, str]] = {
    "camera": "make and model, * for anything",
    "confidence": "high, medium, low or none",
    "source": "where the date comes from, e.g. EXIF:DateTimeOriginal, * for anything",
    "from": "taken at or after this wall clock",
    "to": "taken at or before this wall clock; a day includes its end",
    "path": "path below Originals, * for anything",
    "id": "id of a photo",
    "conflict": "yes or no",
    "suspicious": "yes or no",
    "zone-source": "tag, gps, utc_delta, default, manual or none",
}
_ONCE: Final = frozenset(("from", "to"))
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
    """A wall clock; a day alone is its beginning or, with `is_end`, its end.

    Raises UserError for anything else.
    """
    try:
        found = datetime.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UserError(f'"{text}" is no time', "write it as 2019-07-14T10:00:00") from error
    if found.tzinfo is not None:
        raise UserError(f'"{text}" names an offset', "give the wall clock alone")
    if is_end and len(text.strip()) <= len("2019-07-14"):
        return datetime.datetime.combine(found.date(), datetime.time.max)
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
        "conflict": _yes,
        "suspicious": _yes,
    }
    return parsers.get(key, str)(value)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise UserError(f'"{text}" is no id of a photo') from error


def _yes(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise UserError(f'"{text}" is neither yes nor no')
    return text == "yes"
