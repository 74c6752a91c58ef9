"""Questions to the person at the terminal."""

import sys

from shared.errors import UserError


def agrees(question: str, wanted: str = "y") -> bool:
    """Return whether the person answers so; raises UserError where nobody sits."""
    return answer(question) == wanted


def answer(question: str) -> str:
    """Return what the person answers, in lower case; raises UserError where nobody sits."""
    if not sys.stdin.isatty():
        raise UserError("nobody can be asked here", "add --yes if you mean it")
    return input(question).strip().lower()
