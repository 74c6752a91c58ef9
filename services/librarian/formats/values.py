"""Tag values in the forms that `domain.tag_names` promises."""

import math
from collections.abc import Iterable

from librarian.domain.facts import JSON

MAX_TAGS = 2_000
MAX_ITEMS = 500

Tags = dict[str, JSON]


def text(value: bytes | str) -> str:
    """A text tag: UTF-8, else Latin-1, up to the first NUL, without outer blanks."""
    if isinstance(value, str):
        return value.partition("\0")[0].strip()
    value = value.partition(b"\0")[0]
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


def numbers(values: Iterable[object]) -> JSON:
    """The one number, or the list of them; None for each that has no value (x/0, NaN)."""
    found: list[JSON] = [number(value) for value in values]
    return found[0] if len(found) == 1 else found[:MAX_ITEMS] or None


def number(value: object) -> int | float | None:
    """An int or a finite float of any kind of number, also of a 1-tuple; else None."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, int):
        return value
    try:
        found = float(value)  # type: ignore[arg-type]  # what is no number raises
    except (TypeError, ValueError, ArithmeticError):
        return None
    return found if math.isfinite(found) else None


def first(*found: Iterable[tuple[str, JSON]]) -> Tags:
    """One dictionary; the first value of each name, empty ones left out, at most MAX_TAGS."""
    kept: Tags = {}
    for part in found:
        for name, value in part:
            if value not in (None, "", [], {}) and len(kept) < MAX_TAGS:
                kept.setdefault(name[:200], value)
    return kept
