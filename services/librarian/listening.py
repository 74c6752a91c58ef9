"""What companions say to a batch: beside a photo in its source folder, staged, or filed before."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import orm

from librarian import heeding, neighbours
from librarian.arrivals import Source
from librarian.domain.capture import DateRules
from librarian.domain.facts import CompanionFacts
from librarian.formats.sidecars import UnreadableCompanionError
from librarian.neighbours import Folder, Neighbours
from librarian.originals import Originals
from librarian.repository import originals as original_rows
from librarian.repository.sidecars import Met
from librarian.staging import Staged
from shared.clock import Clock
from shared.database import Database
from shared.disk.mass_change import Thresholds

Said: TypeAlias = tuple[Sequence[UUID], CompanionFacts | None]
"""Photos, and what a companion says of them; None if it says nothing that can be read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Listening:
    """Where the companions of one batch are looked for, and who hears them."""

    database: Database
    originals: Originals
    source_fd: int
    neighbours: Neighbours
    brake: Thresholds
    clock: Clock

    def folder(self, source: Source, path: bytes) -> Folder:
        """The names in a folder of the source, as of a moment ago."""
        now_s = self.clock.monotonic()
        return self.neighbours.folder(source.id, self.source_fd, path, now_s)

    def beside(self, photo: Staged) -> list[CompanionFacts]:
        """What companions in the photo's source folder say about it."""
        path, slash, name = photo.claimed.found.path.rpartition(b"/")
        names = self.folder(photo.claimed.source, path).companions_of(os.fsdecode(name))
        said = (neighbours.facts_of(self.source_fd, path + slash + os.fsencode(n)) for n in names)
        return [facts for facts in said if facts is not None]

    def of_filed(self, met: Sequence[Met]) -> list[CompanionFacts]:
        """What sidecars say that are filed already."""
        paths = [os.fsencode(one.relative_path) for one in met if one.relative_path is not None]
        said = (neighbours.facts_of(self.originals.folder.fd, path) for path in paths)
        return [facts for facts in said if facts is not None]

    def of_staged(self, sidecar: Staged) -> tuple[CompanionFacts | None, str | None]:
        """What a staged sidecar says, and why that cannot be read."""
        name = os.fsdecode(sidecar.claimed.found.path.rpartition(b"/")[2])
        with self.originals.open_temporary(sidecar.temporary) as descriptor:
            try:
                return neighbours.read(name, descriptor), None
            except UnreadableCompanionError as error:
                return None, str(error)

    def tell(self, said: Iterable[Said], now: datetime) -> None:
        """Have filed photos hear companions.

        The caller records what brought the companions only afterwards, or a kill may come between.
        """
        told = [(asset_id, facts) for ids, facts in said if facts for asset_id in ids]
        if not told:
            return

        def hear(session: orm.Session) -> None:
            rules = DateRules(original_rows.default_zone(session), now)
            heeding.heed(session, told, rules, self.brake)

        self.database.run(hear)
