"""``DATA/run/suite.json``: how other commands find the running suite, and what a kill left over.

Format 1: {"format", "supervisor": mark, "database_url", "dashboard_url", "kafka",
"processes": {name: mark}}; a mark is {"pid", "started"} (see process_identity).
"""

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import UserError
from suite.data_folder import DataFolder
from suite.process_identity import ProcessMark

FORMAT = 1


@dataclass(frozen=True, slots=True)
class SuiteState:
    """What one run of the suite tells others."""

    supervisor: ProcessMark
    database_url: str
    dashboard_url: str
    kafka: str | None = None
    processes: dict[str, ProcessMark] = field(default_factory=dict)


def write(folder: DataFolder, state: SuiteState) -> None:
    """Replace the file as a whole; only its owner may read it (it holds the password)."""
    unfinished = folder.run / "suite.json.new"
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"format": FORMAT, **dataclasses.asdict(state)}, file, indent=1)
    unfinished.rename(_path(folder))


def read(folder: DataFolder) -> SuiteState | None:
    """Return what the last run wrote; None if it ended in order, or what it left is unusable.

    Raises UserError for the folder of another user.
    """
    try:
        held = json.loads(_path(folder).read_text())
        return SuiteState(
            supervisor=ProcessMark(**held["supervisor"]),
            database_url=held["database_url"],
            dashboard_url=held["dashboard_url"],
            kafka=held["kafka"],
            processes={name: ProcessMark(**mark) for name, mark in held["processes"].items()},
        )
    except PermissionError:
        raise UserError(
            f"{folder.path} is used by another user ({folder.run.owner()})", "become that user"
        ) from None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def remove(folder: DataFolder) -> None:
    """Say that nothing runs any more."""
    _path(folder).unlink(missing_ok=True)


def _path(folder: DataFolder) -> Path:
    return folder.run / "suite.json"
