"""A folder whose photos are imported by themselves, as a person names it."""

import argparse
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
    """Return the inbox of DIR[=copy|move]; a folder whose own name holds a = is fine.

    Raises argparse.ArgumentTypeError for a mode that there is not.
    """
    folder, separator, mode = text.rpartition("=")
    match mode if separator else "":
        case "copy" | "move" as chosen:
            return Inbox(Path(folder).expanduser().absolute(), chosen)
        case _:
            if separator and not Path(text).expanduser().exists() and Path(folder).exists():
                raise argparse.ArgumentTypeError(f'"{mode}" is neither "copy" nor "move"')
            return Inbox(Path(text).expanduser().absolute(), "copy")
