"""Files among the originals that the ledger does not know become its assets, where they are.

For a ledger that is older than the disk, and for `rebuild`. What the folder's record says of a
content is kept: asset id, names, times, the decision on its date; without one the asset id is made
from the hash, so that every rebuild gives the same.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import uuid
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy import orm

from librarian import recording, scanner
from librarian.arrivals import Claimed, Found, Source
from librarian.domain import content_type, naming
from librarian.domain.capture import DateRules
from librarian.domain.facts import Facts
from librarian.originals import Originals
from librarian.rebuilding import rows
from librarian.rebuilding.archive import Entry
from librarian.rebuilding.rows import Looked, Place, Restored
from librarian.records import Link, Record
from librarian.repository import filings, links, rebuilding
from librarian.repository import originals as original_rows
from librarian.repository.filings import Filing
from librarian.staging import Identity, Staged
from shared import event_log, events, ledger, models
from shared.clock import Clock
from shared.database import Database

log = structlog.get_logger()


class FactsReader(Protocol):
    """What adoption needs of `librarian.reader.Reader`."""

    def read(self, fd: int, name: str) -> Facts:
        """The facts of an open file."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Adopter:
    """Adopts files of one root; `owner` is this process's id for claims."""

    database: Database
    originals: Originals
    reader: FactsReader
    clock: Clock
    owner: int
    catalog_id: UUID

    def adopt(self, relative_path: str, file_hash: str, record: Record | None) -> UUID | None:
        """The id of the new asset; None for a file that is no picture or video.

        Raises:
            SQLAlchemy's DBAPIError: The ledger refuses it; nothing was written.
        """
        descriptor = self.originals.folder.open_file(os.fsencode(relative_path))
        try:
            kind = content_type.detect(os.pread(descriptor, content_type.HEAD_BYTES, 0))
            if kind is None:
                return None
            seen = os.fstat(descriptor)
            facts = self.reader.read(descriptor, relative_path)
        finally:
            os.close(descriptor)
        staged = self._as_staged(relative_path, seen, file_hash, kind)
        filing = self._reserve(staged, facts, record)
        recorded, refused = recording.record(self.database, [filing], self.clock.now())
        if not recorded:
            self.database.run(lambda session: _forget(session, filing))
            if refused:
                log.warning("asset.not_adopted", path=relative_path, why=refused[0].error)
        return recorded[0].asset_id if recorded else None

    def follow(self, relative_path: str, record: Record) -> None:
        """Give a known asset the times, decisions and position that its record tells of."""
        entry = Entry(os.fsencode(relative_path), record.size_bytes, record.mtime_ns)
        place = Place(self.originals.root_id, self.originals.folder.known.path)
        now = self.clock.now()

        def follow(session: orm.Session) -> None:
            ledger.lock(session, [record.asset_id])
            facts = Facts.from_json(rebuilding.metadata_of(session, record.asset_id))
            rules = DateRules(original_rows.default_zone(session), now)
            looked = Looked(entry, record.file_hash, facts)
            restored = rows.from_record(looked, place, rules, record)
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
        for link in record.links:
            if link.name is None:
                self.database.run(functools.partial(_link_assets, record=record, link=link))
                continue
            path = f"{folder}/{link.name}"
            if self.originals.hash_at(path) == (link.file_hash, link.size_bytes):
                self.database.run(
                    functools.partial(
                        links.insert_sidecar,
                        asset_id=record.asset_id,
                        root_id=self.originals.root_id,
                        relative_path=path,
                        link=link,
                    )
                )

    def _as_staged(
        self,
        relative_path: str,
        seen: os.stat_result,
        file_hash: str,
        kind: content_type.ContentType,
    ) -> Staged:
        path = os.fsencode(relative_path)
        found = scanner.found(path, seen)
        source, file_id = self.database.run(lambda session: self._occurrence(session, found))
        claimed = Claimed(file_id, source, found, None, 0, "copy")
        return Staged(claimed, Identity.of(seen), b"", file_hash, seen.st_size, kind)

    def _occurrence(self, session: orm.Session, found: Found) -> tuple[Source, UUID]:
        """The originals themselves are the source of what is adopted; its row for this file."""
        path = self.originals.folder.known.path
        row = session.scalar(
            sa.select(models.Source).where(
                models.Source.root_id == self.originals.root_id,
                models.Source.catalog_id == self.catalog_id,
            )
        )
        if row is None:
            row = models.Source(
                catalog_id=self.catalog_id,
                root_id=self.originals.root_id,
                name="Originals",
                source_path=path,
            )
            session.add(row)
            session.flush()
        session.execute(
            sa.update(models.File)
            .where(
                models.File.source_id == row.id,
                models.File.path == found.path,
                models.File.superseded_at.is_(None),
            )
            .values(superseded_at=self.clock.now())
        )
        file = models.File(
            source_id=row.id,
            path=found.path,
            display_path=naming.display(found.path),
            original_name=naming.display(found.path.rpartition(b"/")[2]),
            size_bytes=found.size,
            mtime_ns=found.mtime_ns,
            owner=self.owner,
        )
        session.add(file)
        session.flush()
        return Source(row.id, self.catalog_id, row.name, path, "copy", is_inbox=False), file.id

    def _reserve(self, staged: Staged, facts: Facts, record: Record | None) -> Filing:
        def reserve(session: orm.Session) -> Filing:
            rules = DateRules(original_rows.default_zone(session), self.clock.now())
            filing = self._filing(staged, self._restored(staged, facts, record, rules))
            filings.insert(session, [filing])
            return filing

        return self.database.run(reserve)

    def _restored(
        self, staged: Staged, facts: Facts, record: Record | None, rules: DateRules
    ) -> Restored:
        entry = Entry(staged.claimed.found.path, staged.size_bytes, staged.identity.mtime_ns)
        looked = Looked(entry, staged.file_hash, facts)
        place = Place(self.originals.root_id, self.originals.folder.known.path)
        if record is not None:
            return rows.from_record(looked, place, rules, record)
        return rows.without_record(looked, place, rules, ())

    def _filing(self, staged: Staged, restored: Restored) -> Filing:
        path = os.fsdecode(staged.claimed.found.path)
        return Filing(
            id=uuid.uuid4(),
            file_id=staged.claimed.file_id,
            catalog_id=self.catalog_id,
            asset_id=restored.asset_id,
            file_hash=staged.file_hash,
            size_bytes=staged.size_bytes,
            root_id=self.originals.root_id,
            relative_path=path,
            path_key=naming.path_key(path),
            temporary_name="",
            record={
                "asset": restored.asset,
                "dates": restored.dates,
                "event": {"source_id": str(staged.claimed.source.id), "job_id": None},
                "source": restored.record.source if restored.record else "",
                "source_path": restored.record.source_path if restored.record else "",
                "placed_by": restored.placed_by,
            },
            owner=self.owner,
        )


def _forget(session: orm.Session, filing: Filing) -> None:
    """Leave nothing behind of an adoption that the ledger refused."""
    filings.delete(session, [filing.id], filing.owner)
    session.execute(
        sa.delete(models.File).where(
            models.File.id == filing.file_id, models.File.outcome.is_(None)
        )
    )


def _link_assets(session: orm.Session, record: Record, link: Link) -> None:
    other = original_rows.by_hash(session, [link.file_hash]).get(link.file_hash)
    if other is not None:
        links.link(session, link.kind, record.asset_id, other.asset_id, link.evidence or "record")
