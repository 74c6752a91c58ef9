"""The way into filing: one batch at a time, in opened originals where nothing is left half done."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

from librarian import high_water, left_behind, recovery
from librarian.arrivals import Claimed, Outcome, Source
from librarian.filing import Batch, FactsReader, Means
from librarian.neighbours import Neighbours
from librarian.originals import Originals
from librarian.repository import originals as original_rows
from shared import errors, ownership
from shared.clock import Clock
from shared.database import Database
from shared.disk import disk_space, mass_change
from shared.disk.mass_change import Thresholds

THREADS: Final = 4


class Filer:
    """Files claimed files; copies, syncs and publishes by a few threads.

    Invariant: one batch at a time, so what we have in `filings` before one was interrupted.
    """

    def __init__(
        self,
        database: Database,
        owner: ownership.Owner,
        reader: FactsReader,
        clock: Clock,
        brake: Thresholds = mass_change.USUAL,
    ) -> None:
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="filing")
        self.means = Means(database, owner, reader, clock, Neighbours(), pool, brake)
        self._turn = threading.Lock()

    def file(self, batch: Sequence[Claimed], source_fd: int) -> Sequence[Outcome]:
        """What became of each claimed file of one source; decided outcomes are recorded.

        Raises:
            DependencyError: Nothing can be filed now; what was published is finished later.
        """
        if not batch:
            return []
        catalog_id = batch[0].source.catalog_id
        with self._turn, self._opened(catalog_id) as originals:
            disk_space.check(
                originals.folder.fd,
                disk_space.Purpose.FILING,
                needed_bytes=sum(each.found.size for each in batch),
            )
            return Batch(self.means, originals, source_fd).file(batch)

    def recover(self, source: Source, source_fd: int) -> None:
        """Finish what was interrupted: filings, leftover temporary files, removals of this source.

        To be called before a source is scanned for the first time, and after a lost dependency.
        """
        with self._turn, self._opened(source.catalog_id) as originals:
            recovery.discard_leftovers(self.means.database, originals)
            if source.mode == "move":
                self._tidying(originals, source_fd).finish(source)

    def remove_recorded(self, source: Source, source_fd: int, file_ids: Sequence[UUID]) -> None:
        """Remove recorded files whose removal was cut short; each is hashed again before."""
        with self._turn, self._opened(source.catalog_id) as originals:
            self._tidying(originals, source_fd).finish_files(file_ids)

    def _tidying(self, originals: Originals, source_fd: int) -> left_behind.Tidying:
        """The means to remove sources that were left behind."""
        return left_behind.Tidying(
            self.means.database, originals, source_fd, self.means.clock.now()
        )

    def close(self) -> None:
        """End the threads."""
        self.means.pool.shutdown(cancel_futures=True)

    @contextlib.contextmanager
    def _opened(self, catalog_id: UUID) -> Iterator[Originals]:
        """The originals of a catalog, where no interrupted filing is left open.

        What the operating system refuses meanwhile is the originals' disk, and waited for: of
        sources and their files each step has caught it before.
        """
        self.means.owner.keep()
        with self.means.database.read() as session:
            known = original_rows.root_of(session, catalog_id)
        try:
            with known.open() as folder:
                high_water.check(self.means.database, folder)
                originals = Originals(folder, self.means.owner.id, self.means.brake)
                recovery.finish_abandoned(
                    self.means.database, originals, self.means.owner.id, self.means.clock
                )
                yield originals
        except OSError as error:
            raise errors.DependencyError("originals", str(error)) from error
