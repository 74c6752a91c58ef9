"""The terminal, and texts that come from files made fit for it: a name may hold anything."""

import unicodedata
from typing import Final

import rich.markup
from rich.console import Console

STEERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the direction of writing: "photo\u202egpj.exe" would end with .jpg."""


NARROW, WIDE = 80, 160
"""Columns that Rich assumes where nobody says how many there are, and those that paths need."""


def console(*, is_stderr: bool = False) -> Console:
    """Return where tables are printed: as wide as the terminal, in a pipe or a log wide enough."""
    made = Console(highlight=False, stderr=is_stderr)
    if not made.is_terminal and made.width == NARROW:
        made.width = WIDE
    return made


def plain(text: str) -> str:
    r"""Return the text with control characters spelled out: ESC as ``\x1b``, a new line as ``\n``.

    Undecodable bytes of a path (lone surrogates), which no stream would take, are spelled, too.
    """
    return "".join(
        each.encode("unicode_escape").decode()
        if each in STEERING or unicodedata.category(each) in {"Cc", "Cs"}
        else each
        for each in text
    )


def escape(text: str) -> str:
    """Return the same for Rich: what looks like its markup is text."""
    return rich.markup.escape(plain(text))
