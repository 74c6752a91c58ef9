"""Filed assets with their files, for tests of the stages behind filing."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import assets
from hand_clock import HandClock
from shared import heartbeat, process
from shared.database import Database
from shared.disk import root_folder, roots
from shared.ownership import Owner
from shared.stages import delivery, stage_runner


@dataclass
class Library:
    """Marked roots below a folder, each named like its kind, and the ledger that knows them."""

    database: Database
    folder: Path
    originals: UUID
    ledger_id: UUID

    def root(self, kind: str, name: str | None = None) -> UUID:
        """Make and mark a further root."""
        new = root_folder.mark(str(self.folder / (name or kind)), kind, self.ledger_id)
        with self.database.transaction() as session:
            return roots.add(session, kind, new).id

    def file(self, relative_path: str, content: bytes, **values: Any) -> UUID:  # noqa: ANN401
        """Put an original on the disk and into the ledger; return its id."""
        path = self.path(relative_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        row = {
            "root_id": self.originals,
            "relative_path": relative_path,
            "path_key": relative_path,
            "final_path": str(path),
            "file_hash": hashlib.sha256(content).hexdigest(),
            "size_bytes": max(1, len(content)),
        }
        with self.database.transaction() as session:
            return assets.add(session, id=uuid4(), **(row | values))

    def path(self, relative_path: str, kind: str = "originals") -> Path:
        """Where a file of a root is."""
        return self.folder / kind / relative_path

    def handle(self, handler: Any, *asset_ids: UUID) -> stage_runner.Outcome:  # noqa: ANN401
        """Run a stage's handler once over fresh assets: claim, load, work, record."""
        return asyncio.run(self._handle(handler, asset_ids))

    async def _handle(self, handler: Any, asset_ids: tuple[UUID, ...]) -> stage_runner.Outcome:  # noqa: ANN401
        clock = HandClock()
        with Owner(self.database) as owner:
            frame = stage_runner.Frame(
                self.database, owner, clock, process.Stop(), heartbeat.Pulse("test", clock)
            )
            runner = stage_runner.StageRunner(handler, frame, policy=delivery.Policy(tries=1))
            return await runner.run_fresh(asset_ids, is_stale=lambda: False)


def make(database: Database, folder: Path) -> Library:
    """A library with a root of originals."""
    with database.read() as session:
        library = Library(database, folder, uuid4(), roots.ledger_id(session))
    library.originals = library.root("originals")
    return library
