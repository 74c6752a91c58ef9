"""Sources that should be gone: recorded, to be moved, but the removal was cut short.

Nothing about them is trusted: the source is hashed again, and its original too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from librarian import removal
from librarian.arrivals import Source
from librarian.originals import Originals
from librarian.repository import leftovers
from librarian.repository import recording as rows
from librarian.repository.leftovers import Leftover
from librarian.staging import Identity
from shared import errors
from shared.database import Database
from shared.disk import folders, publish


@dataclasses.dataclass(frozen=True, slots=True)
class Tidying:
    """Where the leftovers are removed, and with what they are compared."""

    database: Database
    originals: Originals
    source_fd: int
    now: datetime

    def finish(self, source: Source) -> int:
        """Remove what is left of a source in move mode; how many files are gone now."""
        removed, after = 0, b""
        while True:
            with self.database.read() as session:
                page = leftovers.of_source(session, source.id, self.originals.owner, after)
            if not page:
                return removed
            removed += len(self._remove(page))
            after = page[-1].path

    def finish_files(self, file_ids: Sequence[UUID]) -> set[UUID]:
        """Remove the sources of these recorded files; the ids of those that are gone now."""
        with self.database.read() as session:
            left = leftovers.of_files(session, file_ids)
        return self._remove(left)

    def _remove(self, left: Sequence[Leftover]) -> set[UUID]:
        gone = {each.file_id for each in left if self._is_gone(each)}
        self.database.run(lambda session: rows.sources_removed(session, gone, self.now))
        removed = (each.path for each in left if each.file_id in gone)
        removal.remove_emptied(self.source_fd, removed)
        return gone

    def _is_gone(self, leftover: Leftover) -> bool:
        folder, name = os.path.split(leftover.path)
        aside = removal.aside_name(leftover.file_id)
        try:
            folder_fd = folders.open_folder(self.source_fd, folder)
        except (FileNotFoundError, errors.PermanentError):
            return True
        try:
            return self._remove_from(folder_fd, name, aside, leftover)
        finally:
            os.close(folder_fd)

    def _remove_from(self, folder_fd: int, name: bytes, aside: bytes, leftover: Leftover) -> bool:
        def is_original_there() -> bool:
            found = self.originals.hash_at(leftover.relative_path)
            return found == (leftover.file_hash, leftover.size_bytes)

        standing_aside = identity_if(folder_fd, aside, leftover.file_hash)
        if standing_aside is not None:
            return removal.finish(folder_fd, name, aside, standing_aside, is_original_there)
        if removal.exists(folder_fd, aside):
            removal.give_back(folder_fd, aside, name)
            return False
        if not removal.exists(folder_fd, name):
            return True
        arrived = identity_if(folder_fd, name, leftover.file_hash)
        if arrived is None or arrived.mtime_ns != leftover.mtime_ns or not is_original_there():
            return False
        return removal.remove(folder_fd, name, arrived, leftover.file_id, is_original_there)


def identity_if(folder_fd: int, name: bytes, file_hash: str) -> Identity | None:
    """The identity of a file that holds this content; None if it does not."""
    with _opened(folder_fd, name) as descriptor:
        if descriptor is None:
            return None
        before = Identity.of(os.fstat(descriptor))
        found, _ = publish.hash_of(descriptor, hashlib.sha256())
        return before if found == file_hash else None


@contextlib.contextmanager
def _opened(folder_fd: int, name: bytes) -> Iterator[int | None]:
    try:
        descriptor = folders.open_file(folder_fd, name)
    except (FileNotFoundError, errors.PermanentError):
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
