"""Files among the originals that the ledger does not know become its assets, where they are.

For a ledger that is older than the disk: the rows are those that a rebuild writes. What the
folder's record says of a content is kept: asset id, names, times, the decision on its date; without
one the asset id is made from the hash, so that every adoption gives the same.
"""

from __future__ import annotations

import dataclasses
import os
from uuid import UUID

from sqlalchemy import orm

from librarian import staging
from librarian.domain import content_type
from librarian.domain.capture import DateRules
from librarian.domain.facts import Facts
from librarian.originals import Originals
from librarian.rebuilding import archive, linking, rows
from librarian.rebuilding.archive import Entry
from librarian.rebuilding.looking import FactsReader, Looker
from librarian.rebuilding.matching import Sidecar
from librarian.rebuilding.rows import Looked, Place
from librarian.rebuilding.writing import Writer
from librarian.records import Record
from librarian.repository import originals as original_rows
from librarian.repository import rebuilding
from shared import errors, event_log, events, ledger
from shared.clock import Clock
from shared.database import Database


class NotAdoptedError(errors.PermanentError):
    """The ledger cannot take a file as an asset; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Adopter:
    """Adopts files of one root; `owner` is this process's id for claims."""

    database: Database
    originals: Originals
    reader: FactsReader
    clock: Clock
    owner: int
    catalog_id: UUID

    def adopt(self, relative_path: str, file_hash: str, record: Record | None) -> None:
        """Make the file at a path, which holds this content, an asset.

        Raises:
            NotAdoptedError: It is no picture or video, or its name or id is another asset's.
            TransientError: Somebody writes it just now.
            OSError: It cannot be read.
            SQLAlchemy's DBAPIError: The ledger refuses a value; nothing was written.
        """
        looked = self._look(relative_path, file_hash)
        with self.database.read() as session:
            rules = DateRules(original_rows.default_zone(session), self.clock.now())
        if not self._writer().assets([rows.restored(looked, self._place, rules, record)]):
            raise NotAdoptedError("another asset has its content, its id or its name")

    def follow(self, relative_path: str, record: Record) -> None:
        """Give a known asset the times, decisions and position that its record tells of."""
        entry = Entry(os.fsencode(relative_path), record.size_bytes, record.mtime_ns)
        now = self.clock.now()

        def follow(session: orm.Session) -> None:
            ledger.lock(session, [record.asset_id])
            facts = Facts.from_json(rebuilding.metadata_of(session, record.asset_id))
            rules = DateRules(original_rows.default_zone(session), now)
            looked = Looked(entry, record.file_hash, facts)
            restored = rows.from_record(looked, self._place, rules, record)
            before, revision = rebuilding.follow(session, restored.asset, restored.dates)
            redated = events.AssetRedatedV1(
                asset_id=record.asset_id,
                revision=revision,
                captured_at_before=before,
                captured_at=record.captured.instant,
                captured_at_source=record.captured.source,
                date_confidence=record.captured.confidence,
                reason="its folder's record",
            )
            event_log.append(session, [redated], now=now)

        self.database.run(follow)

    def adopt_links(self, folder: str, record: Record) -> None:
        """Restore the companions that a folder's record tells of, as far as they are there."""
        self.database.run(lambda session: linking.link_all(session, [record]))
        looker = Looker(self.originals.folder, self.reader)
        told: list[tuple[Looked, Sidecar]] = []
        for link in record.links:
            path = os.fsencode(f"{folder}/{link.name}")
            entry = archive.entry_at(self.originals.folder, path) if link.name else None
            looked = looker.look(entry) if entry else None
            if looked is not None and looked.file_hash == link.file_hash:
                told.append((looked, Sidecar(record.asset_id, link, record)))
        self._writer().sidecars(self._place, told)

    def _writer(self) -> Writer:
        return Writer(self.database, self.catalog_id, self.clock.now(), is_in_use=True)

    @property
    def _place(self) -> Place:
        return Place(self.originals.root_id, self.originals.folder.known.path)

    def _look(self, relative_path: str, file_hash: str) -> Looked:
        path = os.fsencode(relative_path)
        descriptor = self.originals.folder.open_file(path)
        try:
            if content_type.detect(os.pread(descriptor, content_type.HEAD_BYTES, 0)) is None:
                raise NotAdoptedError("it is no picture or video")
            if staging.is_open_for_writing(descriptor):
                raise errors.TransientError("somebody writes it just now")
            seen = os.fstat(descriptor)
            facts = self.reader.read(descriptor, relative_path)
        finally:
            os.close(descriptor)
        return Looked(Entry(path, seen.st_size, seen.st_mtime_ns), file_hash, facts)
