"""What filing would decide of a file that is not in the library, read now."""

import hashlib
import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from librarian import deciding, neighbours
from librarian.domain import capture, naming
from librarian.domain.capture import Capture, DateRules, Evidence
from librarian.domain.facts import Facts
from librarian.reader import FUNCTION, Reader
from shared.children import children
from shared.disk import folders, publish
from shared.errors import UserError


@dataclass(frozen=True, slots=True)
class Reading:
    """A file's facts, its decision, and the folder that it would be filed into."""

    facts: Facts
    taken: Capture
    folder: str


def hash_of(path: str) -> str | None:
    """Return the SHA-256 of a regular file; None for anything else."""
    try:
        with ExitStack() as opened:
            return publish.hash_of(_opened(path, opened)[1], hashlib.sha256())[0]
    except (OSError, folders.UnusablePathError):
        return None


def read(path: str, received: str, default_zone: str | None, now: datetime) -> Reading:
    """Return what filing would decide of a file that arrives now as ``received``.

    Files beside it are heard as when it arrives with them. Raises UserError for what is no
    picture or video.
    """
    with ExitStack() as opened:
        folder_fd, fd = _opened(path, opened)
        pool = children.Children(FUNCTION, processes=1)
        opened.callback(pool.close)
        name = os.path.basename(path)
        facts = Reader(pool).read(fd, name)
        if facts.media_type == "unknown":
            raise UserError(f"{path} is no picture or video that is recognised")
        beside = neighbours.Folder(os.listdir(folder_fd)).companions_of(name)
        said = [neighbours.facts_of(folder_fd, os.fsencode(each)) for each in beside]
        evidence = Evidence(
            tags=facts.tags,
            original_path=received,
            mtime=deciding.time_of(os.fstat(fd).st_mtime_ns),
            arrived_at=now,
            latitude_deg=facts.latitude_deg,
            longitude_deg=facts.longitude_deg,
            companions=[each for each in said if each is not None],
        )
    rules = DateRules(default_zone, now)
    taken = capture.decide(evidence, rules)
    return Reading(facts, taken, naming.folder(capture.filing_clock(taken, now, rules)))


def _opened(path: str, opened: ExitStack) -> tuple[int, int]:
    """Return descriptors of a file's folder and of the file, closed with ``opened``."""
    folder, name = os.path.split(os.path.realpath(path))
    folder_fd = folders.open_root(folder)
    opened.callback(os.close, folder_fd)
    fd = folders.open_file(folder_fd, os.fsencode(name))
    opened.callback(os.close, fd)
    return folder_fd, fd
