"""What every loop of the librarian works with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from librarian.arrivals import Claimed, Outcome, Source
from shared.clock import Clock
from shared.database import Database
from shared.disk import mass_change
from shared.disk.mass_change import Thresholds


class Filer(Protocol):
    """Files complete, claimed files of one source."""

    def file(self, batch: Sequence[Claimed], source_fd: int) -> Sequence[Outcome]:
        """Return what became of each; raises DependencyError when nothing can be filed now."""
        ...

    def recover(self, source: Source, source_fd: int) -> None:
        """Finish what was interrupted in this source."""
        ...

    def remove_recorded(self, source: Source, source_fd: int, file_ids: Sequence[UUID]) -> None:
        """Remove recorded files whose removal was cut short."""
        ...


class Stop(Protocol):
    """Says whether somebody asked us to stop."""

    @property
    def is_requested(self) -> bool:
        """Whether to end as soon as nothing is half done."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Desk:
    """Database, filing, clocks, this process's owner id, the sign to stop, and settings.

    `brake` says how much may change at once, `ignored` which names a person calls debris.
    """

    database: Database
    filer: Filer
    clock: Clock
    owner: int
    stop: Stop
    brake: Thresholds = mass_change.USUAL
    ignored: tuple[str, ...] = ()
