"""What a rebuild tells: what became of every file, and how far it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from librarian.domain import naming


class Told(Protocol):
    """Whoever watches."""

    def found(self, files: int, size_bytes: int) -> None:
        """There is so much to do in all."""

    def passed(self, files: int, size_bytes: int) -> None:
        """So much more is done."""


@dataclass(slots=True)
class Balance:
    """Files by what became of them, those that need a look, and records whose file is missing."""

    outcomes: Counter[str] = field(default_factory=Counter)
    troubles: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def count(self, outcome: str, number: int = 1) -> None:
        """Count files; an outcome that no file has is not named."""
        if number:
            self.outcomes[outcome] += number

    def trouble(self, path: bytes, outcome: str, reason: str) -> None:
        """Count a file that could not be restored."""
        self.count(outcome)
        self.note(path, f"{outcome}: {reason}")

    def note(self, path: bytes, text: str) -> None:
        """Name a file that needs a look."""
        self.troubles.append((naming.display(path), text))
