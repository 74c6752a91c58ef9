"""Makes the ledger anew from the originals: hash every file, match its record, write its rows.

May be killed at any time: what is recorded is passed over without being read. Nothing on the disk
is changed.
"""

from __future__ import annotations

import dataclasses
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

from sqlalchemy import exc

from librarian import inbox, neighbours
from librarian.domain import companions, naming
from librarian.domain import facts as domain_facts
from librarian.domain.capture import DateRules
from librarian.domain.facts import CompanionFacts
from librarian.rebuilding import archive, linking, matching, rows, writing
from librarian.rebuilding.archive import Entry, Folder
from librarian.rebuilding.balance import Balance, Told
from librarian.rebuilding.looking import FactsReader, Looker
from librarian.rebuilding.matching import Index, Sidecar
from librarian.rebuilding.rows import Looked, Place, Restored
from librarian.records import Link, Record
from librarian.repository import originals, rebuilding
from librarian.scanner import join
from shared import database as databases
from shared import faults
from shared.database import Database
from shared.disk.root_folder import RootFolder

THREADS: Final = 4
BATCH: Final = 64
PAGE: Final = 1_000


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What is rebuilt, with what."""

    database: Database
    root: RootFolder
    catalog_id: UUID
    reader: FactsReader
    rules: DateRules


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """A folder, what its records tell by content, and who stands beside whom in it."""

    folder: Folder
    told: Mapping[str, Record]
    sidecars: Mapping[str, Sequence[Sidecar]]
    beside: neighbours.Folder

    def record_of(self, looked: Looked) -> Record | None:
        """The folder's record of a content that should be here."""
        record = self.told.get(looked.file_hash)
        return record if record is not None and record.name is not None else None


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """A file in its folder."""

    entry: Entry
    visit: Visit


class Rebuild:
    """One run over the archive."""

    def __init__(self, wanted: Wanted, told: Told) -> None:
        self._wanted = wanted
        self._root = wanted.root
        self._told = told
        self._place = Place(wanted.root.known.id, wanted.root.known.path)
        self._looker = Looker(wanted.root, wanted.reader)
        self._writer = writing.Writer(wanted.database, wanted.catalog_id, wanted.rules.now)
        self._index = Index()
        self._records = matching.Records(wanted.root)
        self._copies: list[Looked] = []
        self.balance = Balance()

    def run(self) -> Balance:
        """Restore everything; returns the balance.

        Raises DependencyError when the root or the database goes away; a later run goes on.
        """
        self._survey()
        with ThreadPoolExecutor(THREADS, thread_name_prefix="rebuild") as pool:
            self._restore(pool)
        self._settle_copies()
        missing = linking.link(self._wanted.database, self._root)
        self.balance.missing += [naming.display(path) for path in missing]
        faults.point("rebuild.linked")
        return self.balance

    def _survey(self) -> None:
        files = size_bytes = 0
        for folder in archive.walk(self._root):
            self._index.add(folder)
            files += len(folder.entries)
            size_bytes += sum(entry.size_bytes for entry in folder.entries)
        self._told.found(files, size_bytes)

    def _restore(self, pool: ThreadPoolExecutor) -> None:
        """Photos first, then the sidecars that belong to them."""
        sidecars: list[tuple[Looked, Visit]] = []
        visited = (Item(entry, visit) for visit in self._visits() for entry in visit.folder.entries)
        for page in inbox.batched(visited, PAGE):
            batches = inbox.batched(self._unknown(page), BATCH)
            for batch, looked in self._look_ahead(batches, pool):
                sidecars += self._restore_photos(batch, looked)
            last = page[-1].visit  # the rest of this folder may be in the next page
            self._record_sidecars([each for each in sidecars if each[1] is not last])
            sidecars = [each for each in sidecars if each[1] is last]
        self._record_sidecars(sidecars)

    def _visits(self) -> Iterator[Visit]:
        for folder in archive.walk(self._root):
            names = (entry.name for entry in folder.entries if entry.is_text)
            beside = neighbours.Folder(names)
            yield Visit(folder, matching.by_hash(folder), matching.sidecars(folder), beside)

    def _look_ahead(
        self, batches: Iterable[list[Item]], pool: ThreadPoolExecutor
    ) -> Iterator[tuple[list[Item], list[Looked]]]:
        """Batches that were looked at; the next one is read while the present one is written."""
        begun: deque[tuple[list[Item], Iterator[Looked]]] = deque()
        for batch in batches:
            begun.append((batch, pool.map(self._looker.look, [item.entry for item in batch])))
            if len(begun) > 1:
                read, looked = begun.popleft()
                yield read, list(looked)
        for read, looked in begun:
            yield read, list(looked)

    def _restore_photos(
        self, batch: Sequence[Item], looked: Sequence[Looked]
    ) -> list[tuple[Looked, Visit]]:
        """Restore what is a picture or a video; what else was read, to be looked at later."""
        self._drop_unreadable(looked)
        pairs = zip(looked, batch, strict=True)
        read = [(one, item.visit) for one, item in pairs if one.error is None]
        self._record([each for each in read if each[0].facts is not None])
        self._told.passed(len(batch), sum(item.entry.size_bytes for item in batch))
        return [each for each in read if each[0].facts is None]

    def _unknown(self, page: Sequence[Item]) -> Iterator[Item]:
        """The files that are not in the ledger yet."""
        for item in page:
            if not item.entry.is_text:
                self.balance.trouble(item.entry.path, "failed", "its name is not UTF-8")
        texts = [item for item in page if item.entry.is_text]
        paths = [os.fsdecode(item.entry.path) for item in texts]
        with self._wanted.database.read() as session:
            known = rebuilding.known_paths(session, self._place.root_id, paths)
        already = [item for item in texts if os.fsdecode(item.entry.path) in known]
        self.balance.count("already there", len(already))
        self._told.passed(len(already), sum(item.entry.size_bytes for item in already))
        yield from (item for item in texts if os.fsdecode(item.entry.path) not in known)

    def _drop_unreadable(self, looked: Sequence[Looked]) -> None:
        """Name what could not be read; a root that went away ends the run instead."""
        unreadable = [each for each in looked if each.error is not None]
        if unreadable:
            self._root.known.open(is_for_writing=False).close()
        for each in unreadable:
            self.balance.trouble(each.entry.path, "failed", str(each.error))

    def _record(self, photos: Sequence[tuple[Looked, Visit]]) -> None:
        restored: list[tuple[Looked, Restored]] = []
        for each, visit in photos:
            if self._is_copy(each, visit):
                self._copies.append(each)
            else:
                restored.append((each, self._rows_of(each, visit)))
        self._copies += self._write(restored)

    def _is_copy(self, looked: Looked, visit: Visit) -> bool:
        """Whether the record of this content names another file, one that is there."""
        record = visit.record_of(looked)
        if record is not None:
            path = join(visit.folder.path, os.fsencode(str(record.name)))
        else:
            known = self._index.find(looked.file_hash)
            if known is None or known.path is None:
                return False
            path = known.path
        if path == looked.entry.path:
            return False
        there = archive.entry_at(self._root, path)
        return there is not None and there.size_bytes == looked.entry.size_bytes

    def _rows_of(self, looked: Looked, visit: Visit | None) -> Restored:
        record = visit.record_of(looked) if visit else None
        record = record or self._record_elsewhere(looked.file_hash)
        said = self._said(looked.entry, visit.beside) if visit and record is None else ()
        restored = rows.restored(looked, self._place, self._wanted.rules, record, said)
        if record is not None and restored.record is None:
            self.balance.note(looked.entry.path, "its record is no use, it was read anew")
        return restored

    def _record_elsewhere(self, file_hash: str) -> Record | None:
        known = self._index.find(file_hash)
        return self._records.find(known.folder, file_hash) if known else None

    def _said(self, entry: Entry, beside: neighbours.Folder) -> tuple[CompanionFacts, ...]:
        folder = entry.path.rpartition(b"/")[0]
        paths = [join(folder, os.fsencode(name)) for name in beside.companions_of(entry.name)]
        said = (neighbours.facts_of(self._root.fd, path) for path in paths)
        return domain_facts.merged(facts for facts in said if facts is not None)

    def _write(self, restored: Sequence[tuple[Looked, Restored]]) -> list[Looked]:
        """Write rows; the files whose content, id or name another asset has."""
        try:
            written = self._writer.assets([each for _, each in restored])
        except exc.DBAPIError as error:
            if not databases.is_refused_value(error):
                raise
            return self._write_singly(restored, str(error.orig).strip())
        left: list[Looked] = []
        for looked, each in restored:
            if each.asset_id in written:
                written.discard(each.asset_id)  # a second file of this content is a copy
                self.balance.count("restored" if each.record else "read anew")
            else:
                left.append(looked)
        return left

    def _write_singly(self, restored: Sequence[tuple[Looked, Restored]], why: str) -> list[Looked]:
        """Write rows one by one; of the one that is refused, without what its record says."""
        if len(restored) > 1:
            return [looked for each in restored for looked in self._write([each])]
        [(looked, one)] = restored
        if one.record is None:
            self.balance.trouble(looked.entry.path, "failed", why)
            return []
        self.balance.note(looked.entry.path, f"its record is no use, it was read anew: {why}")
        anew = rows.without_record(looked, self._place, self._wanted.rules, (), one.asset_id)
        return self._write([(looked, anew)])

    def _settle_copies(self) -> None:
        """Further files of one content; the first of those whose own file is gone stands for it."""
        for looked in self._copies:
            if not self._write([(looked, self._rows_of(looked, None))]):
                continue
            with self._wanted.database.read() as session:
                is_known = bool(rebuilding.known_hashes(session, [looked.file_hash]))
            if is_known:
                self.balance.count("copy of another")
                continue
            anew = rows.without_record(looked, self._place, self._wanted.rules, ())
            if self._write([(looked, anew)]):
                self.balance.trouble(looked.entry.path, "failed", "another file has its name")
            else:
                text = "its record names the id of another photo, it was read anew"
                self.balance.note(looked.entry.path, text)

    def _record_sidecars(self, sidecars: Sequence[tuple[Looked, Visit]]) -> None:
        told = [(each, self._photo_of(each, visit)) for each, visit in sidecars]
        written = self._write_sidecars([(each, of) for each, of in told if of is not None])
        for each, _ in told:
            if each.entry.path in written:
                self.balance.count("sidecar")
            else:
                self.balance.trouble(each.entry.path, "left", "no picture, video or sidecar of one")

    def _write_sidecars(self, told: Sequence[tuple[Looked, Sidecar]]) -> set[bytes]:
        """Write links; the paths of the sidecars that are linked now. A refused one is not."""
        try:
            return self._writer.sidecars(self._place, told)
        except exc.DBAPIError as error:
            if not databases.is_refused_value(error):
                raise
            singly = [self._write_sidecars([each]) for each in told] if len(told) > 1 else []
            return set().union(*singly)

    def _photo_of(self, looked: Looked, visit: Visit) -> Sidecar | None:
        told = visit.sidecars.get(looked.file_hash, ())
        found = max(told, key=lambda one: one.link.name == looked.entry.name, default=None)
        return found or self._by_name(looked, visit)

    def _by_name(self, looked: Looked, visit: Visit) -> Sidecar | None:
        """The photo of a sidecar that no record tells of."""
        if looked.kind is None:
            return None
        name = looked.entry.name
        owners = companions.owners(name, visit.beside.like(neighbours.beginning(name)))
        if not owners:
            return None
        path = os.fsdecode(join(looked.entry.path.rpartition(b"/")[0], os.fsencode(owners[0])))
        with self._wanted.database.read() as session:
            owner = originals.at_path(session, self._place.root_id, path)
        if owner is None:
            return None
        link = Link(looked.kind, looked.file_hash, name, evidence="name")
        return Sidecar(owner.asset_id, link)
