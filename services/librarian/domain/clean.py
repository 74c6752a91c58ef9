"""Foreign values made fit for PostgreSQL's jsonb and text, before a file is published."""

from __future__ import annotations

import decimal
import fractions
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Final, TypeAlias

from librarian.domain import facts

MAX_VALUE_BYTES: Final = 64 * 1024
MAX_TAGS_BYTES: Final = 2**20
MAX_DEPTH: Final = 16
_MAX_INTEGER: Final = 2**63
_Collection: TypeAlias = Mapping[object, object] | list[object] | tuple[object, ...]


def text(value: str) -> str:
    """The text without NUL; a lone surrogate becomes U+FFFD."""
    return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def tags(values: Mapping[str, object]) -> dict[str, facts.JSON]:
    """Tags as clean JSON, at most MAX_TAGS_BYTES of values.

    One over MAX_VALUE_BYTES, or for which no room is left, is replaced by its length and hash.
    """
    cleaned: dict[str, facts.JSON] = {}
    room = MAX_TAGS_BYTES
    for name, item in values.items():
        kept = value(item)
        if isinstance(kept, str | list | Mapping):  # all others are short
            kept, used = _bounded(kept, min(MAX_VALUE_BYTES, room))
            room -= used
        cleaned[text(name)] = kept
    return cleaned


def value(item: object, depth: int = 0) -> facts.JSON:
    """The nearest JSON value: None for NaN and infinities and below MAX_DEPTH, else text."""
    match item:
        case None | bool():
            return item
        case int() | float() | fractions.Fraction() | decimal.Decimal():
            return _number(item)
        case bytes():
            return text(item.decode("utf-8", "replace"))
        case Mapping() | list() | tuple():
            return None if depth >= MAX_DEPTH else _collection(item, depth + 1)
        case _:
            return text(str(item))


def _number(item: float | fractions.Fraction | decimal.Decimal) -> int | float | None:
    if isinstance(item, int):
        return item if abs(item) < _MAX_INTEGER else None
    try:
        number = float(item)
    except (ArithmeticError, ValueError):  # a huge fraction, a signalling NaN
        return None
    return number if math.isfinite(number) else None


def _collection(
    item: Mapping[object, object] | list[object] | tuple[object, ...], depth: int
) -> facts.JSON:
    if isinstance(item, Mapping):
        return {text(str(key)): value(inner, depth) for key, inner in item.items()}
    return [value(inner, depth) for inner in item]


def _bounded(item: facts.JSON, limit: int) -> tuple[facts.JSON, int]:
    """The value and its size in bytes, or, for one over the limit, what stands for it and 0."""
    encoded = json.dumps(item, ensure_ascii=False).encode()
    if len(encoded) <= limit:
        return item, len(encoded)
    return {"omitted_bytes": len(encoded), "sha256": hashlib.sha256(encoded).hexdigest()}, 0
