"""What arrival hands to filing, and what filing hands back."""

from __future__ import annotations

import dataclasses
from typing import Final, Literal
from uuid import UUID

Mode = Literal["copy", "move"]

CHANGED: Final = "changed"
OPEN: Final = "open"
WAITING_FOR_PHOTO: Final = "waiting for its photo"
KEPT: Final = "kept"
"""Reason of a decided file that stays in a move inbox although it may go: nobody tries again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A folder that files come from; an inbox imports by itself, others only as jobs say."""

    id: UUID
    catalog_id: UUID
    root_id: UUID | None
    name: str
    path: str
    mode: Mode
    is_inbox: bool
    root_key: str | None
    is_marked: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A regular file met by a scan; ``path`` is relative to the source."""

    path: bytes
    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int


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
