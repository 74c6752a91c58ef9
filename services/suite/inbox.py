"""A folder whose photos are imported by themselves, as a person names it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Mode = Literal["copy", "move"]


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where it is, and whether a filed photo leaves it."""

    path: Path
    mode: Mode


def parse(text: str) -> Inbox:
    """Return the inbox of DIR[=copy|move]; a folder whose own name holds a = is fine."""
    folder, separator, mode = text.rpartition("=")
    match mode if separator else "":
        case "copy" | "move" as chosen:
            return Inbox(Path(folder).expanduser().absolute(), chosen)
        case _:
            return Inbox(Path(text).expanduser().absolute(), "copy")
