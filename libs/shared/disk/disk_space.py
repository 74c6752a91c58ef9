"""Floors of free space: what can wait stops first, so that the database never meets a full disk."""

import enum
import os
from dataclasses import dataclass

from shared import errors

_MIB = 2**20


class Purpose(enum.Enum):
    """What a writer needs the space for, in the order in which they stop."""

    THUMBNAILS = "thumbnails"
    BACKUP = "backup"
    FILING = "filing"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Floors:
    """Bytes that have to stay free for everything that stops later."""

    thumbnails_bytes: int = 1024 * _MIB
    backup_bytes: int = 512 * _MIB
    filing_bytes: int = 512 * _MIB
    database_bytes: int = 128 * _MIB

    def of(self, purpose: Purpose) -> int:
        """The floor of one purpose, in bytes."""
        return {
            Purpose.THUMBNAILS: self.thumbnails_bytes,
            Purpose.BACKUP: self.backup_bytes,
            Purpose.FILING: self.filing_bytes,
            Purpose.DATABASE: self.database_bytes,
        }[purpose]


def free_bytes(folder: int | str | bytes) -> int | None:
    """What an unprivileged writer may still use there; None where the file system does not say."""
    there = os.statvfs(folder)
    return there.f_bavail * there.f_frsize if there.f_blocks else None


def check(
    folder: int | str | bytes,
    purpose: Purpose,
    *,
    needed_bytes: int = 0,
    floors: Floors | None = None,
) -> None:
    """Returns if ``needed_bytes`` may be written to ``folder`` (open, or a path) for ``purpose``.

    Raises DependencyError, which lets the caller wait and counts no attempt.
    """
    free = free_bytes(folder)
    floor = (floors or Floors()).of(purpose)
    if free is not None and free - needed_bytes < floor:
        raise errors.DependencyError(
            "free space",
            f"{purpose.value} waits: {free // _MIB} MiB are free, {needed_bytes // _MIB} MiB are "
            f"needed and {floor // _MIB} MiB have to stay free",
        )
