"""What arrival hands to filing, and what filing hands back."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal
from uuid import UUID

from shared.disk import folders
from shared.disk.root_folder import KnownRoot, RootOfflineError

LARGEST_NS: Final = 2**63 - 1
"""What a bigint of PostgreSQL holds: the year 2262. File systems know later years."""

Mode = Literal["copy", "move"]

CHANGED: Final = "changed"
OPEN: Final = "open"
WAITING_FOR_PHOTO: Final = "waiting for its photo"
NO_PHOTO_YET: Final = "no photo yet"
"""Reason of an ingest job that ends while a sidecar goes on waiting."""
KEPT: Final = "kept"
"""Reason of a decided file that stays in a move inbox although it may go: nobody tries again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A folder that files come from; an inbox imports by itself, others only as jobs say.

    ``root`` is the folder as we know it; None for one that a job named (it has no identity yet).
    """

    id: UUID
    catalog_id: UUID
    name: str
    path: str
    mode: Mode
    is_inbox: bool
    root: KnownRoot | None = None

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Give a descriptor of the folder; raises RootOfflineError or RootFrozenError."""
        if self.root is not None:
            with self.root.open(is_for_writing=self.mode == "move") as folder:
                yield folder.fd
            return
        try:
            fd = folders.open_root(self.path)
        except OSError as error:
            raise RootOfflineError(f"folder {self.path}", str(error)) from error
        try:
            yield fd
        finally:
            os.close(fd)


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A regular file met by a scan; ``path`` is relative to the source."""

    path: bytes
    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int


def mtime_ns_of(seen: os.stat_result) -> int:
    """The mtime of a file; one that the ledger cannot hold counts as the latest that it can."""
    return max(-LARGEST_NS, min(seen.st_mtime_ns, LARGEST_NS))


@dataclasses.dataclass(frozen=True, slots=True)
class Claimed:
    """A complete file that this process alone may file now."""

    file_id: UUID
    source: Source
    found: Found
    job_id: UUID | None
    attempts: int
    mode: Mode


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed file.

    ``outcome`` is one of ``models.arrivals.OUTCOMES``, or None when the file has to wait: it
    changed while it was read, somebody still writes it, or its photo is not there yet (reason).
    """

    file_id: UUID
    path: bytes
    outcome: str | None
    reason: str | None = None
    detail: str | None = None
    asset_id: UUID | None = None
    is_source_removed: bool = False
    file_hash: str | None = None
