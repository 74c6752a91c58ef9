"""When a file in an inbox is complete: quiet for a while, and the same at two looks."""

from __future__ import annotations

import dataclasses
import enum
from typing import Final

QUIET_S: Final = 5.0
QUIET_OF_OLD_FILES_S: Final = 1.0
OLD_S: Final = 60.0


class Verdict(enum.Enum):
    """What a look at a file says."""

    WAITING = "waiting"
    RELEASED = "released"
    CHANGED = "changed"
    IRREGULAR = "irregular"


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """One lstat of a file; `at` is the monotonic clock in seconds, never the time of day."""

    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int
    is_regular: bool
    at: float

    def same_file(self, other: Look) -> bool:
        """Whether nothing that tells of writing differs (an mtime may lie, but not alone)."""
        mine = (self.size, self.mtime_ns, self.inode)
        return mine == (other.size, other.mtime_ns, other.inode)


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """A file under observation: the last look, and since when it has been quiet."""

    look: Look
    quiet_since: float


def observe(
    before: Waiting | None, look: Look, quiet_s: float = QUIET_S
) -> tuple[Waiting, Verdict]:
    """The file's state after one more look; it is released at the second equal one or later."""
    if not look.is_regular:
        return Waiting(look, look.at), Verdict.IRREGULAR
    if before is None:
        return Waiting(look, look.at), Verdict.WAITING
    if not before.look.is_regular or not look.same_file(before.look):
        return Waiting(look, look.at), Verdict.CHANGED
    waiting = Waiting(look, before.quiet_since)
    quiet = look.at > before.look.at and look.at - before.quiet_since >= quiet_s
    return waiting, Verdict.RELEASED if quiet else Verdict.WAITING


def disturbed(before: Waiting, at: float) -> Waiting:
    """The state after an event of the file at `at` (monotonic): the quiet time starts again."""
    return dataclasses.replace(before, quiet_since=max(before.quiet_since, at))


def quiet_period_s(ctime_ns: int, now_ns: int) -> float:
    """How long a file that a person named must be quiet; both arguments are times of day.

    A file untouched for a minute by the file system's own clock is hardly still being written.
    """
    is_old = now_ns - ctime_ns > OLD_S * 1e9
    return QUIET_OF_OLD_FILES_S if is_old else QUIET_S
