"""Makes the ledger anew from the originals: hash every file, match its record, write its rows.

May be killed at any time: what is recorded is passed over without being read. Nothing on the disk
is changed.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import orm

from librarian import inbox, neighbours
from librarian.domain import companions, content_type, naming
from librarian.domain import facts as domain_facts
from librarian.domain.capture import DateRules
from librarian.domain.facts import CompanionFacts, Facts
from librarian.formats import sidecars
from librarian.rebuilding import archive, matching, rows, writing
from librarian.rebuilding.archive import Entry, Folder
from librarian.rebuilding.matching import Index, Sidecar
from librarian.rebuilding.rows import Looked, Place, Restored
from librarian.records import Link, Record
from librarian.repository import originals, rebuilding
from librarian.scanner import join
from shared import errors
from shared.database import Database
from shared.disk import publish
from shared.disk.root_folder import RootFolder

THREADS: Final = 4
BATCH: Final = 64
PAGE: Final = 1_000


class FactsReader(Protocol):
    """What a rebuild needs of `librarian.reader.Reader`."""

    def read(self, fd: int, name: str) -> Facts:
        """The facts of an open file."""
        ...


class Told(Protocol):
    """Whoever watches."""

    def found(self, files: int, size_bytes: int) -> None:
        """There is so much to do in all."""

    def passed(self, files: int, size_bytes: int) -> None:
        """So much more is done."""


@dataclass(slots=True)
class Balance:
    """Files by what became of them, those that need a look, and records whose file is missing."""

    outcomes: Counter[str] = field(default_factory=Counter)
    troubles: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def trouble(self, path: bytes, outcome: str, reason: str) -> None:
        """Count a file that could not be restored."""
        self.outcomes[outcome] += 1
        self.troubles.append((naming.display(path), f"{outcome}: {reason}"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is rebuilt, with what."""

    database: Database
    root: RootFolder
    catalog_id: UUID
    reader: FactsReader
    rules: DateRules


@dataclass(frozen=True, slots=True, eq=False)
class Visit:
    """A folder, what its records tell by content, and who stands beside whom in it."""

    folder: Folder
    told: Mapping[str, Record]
    sidecars: Mapping[str, Sequence[Sidecar]]
    beside: neighbours.Folder


@dataclass(frozen=True, slots=True)
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
        self._writer = writing.Writer(wanted.database, wanted.catalog_id, wanted.rules.now)
        self._index = Index()
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
        self._link()
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
            for batch in inbox.batched(self._unknown(page), BATCH):
                sidecars += self._restore_photos(batch, pool)
            last = page[-1].visit  # the rest of this folder may be in the next page
            self._record_sidecars([each for each in sidecars if each[1] is not last])
            sidecars = [each for each in sidecars if each[1] is last]
        self._record_sidecars(sidecars)

    def _visits(self) -> Iterator[Visit]:
        for folder in archive.walk(self._root):
            names = (entry.name for entry in folder.entries if entry.is_text)
            beside = neighbours.Folder(names)
            yield Visit(folder, matching.by_hash(folder), matching.sidecars(folder), beside)

    def _restore_photos(
        self, batch: Sequence[Item], pool: ThreadPoolExecutor
    ) -> list[tuple[Looked, Visit]]:
        """Restore what is a picture or a video; what else was read, to be looked at later."""
        looked = list(pool.map(self._look, [item.entry for item in batch]))
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
        if already:
            self.balance.outcomes["already there"] += len(already)
        self._told.passed(len(already), sum(item.entry.size_bytes for item in already))
        yield from (item for item in texts if os.fsdecode(item.entry.path) not in known)

    def _look(self, entry: Entry) -> Looked:
        """Hash and read one file."""
        try:
            descriptor = self._root.open_file(entry.path)
        except (OSError, errors.PermanentError) as error:
            return Looked(entry, "", None, error=str(error))
        try:
            return self._look_into(entry, descriptor)
        except (OSError, errors.TransientError) as error:
            return Looked(entry, "", None, error=str(error))
        finally:
            os.close(descriptor)

    def _look_into(self, entry: Entry, descriptor: int) -> Looked:
        file_hash, size_bytes = publish.hash_of(descriptor, hashlib.sha256())
        entry = replace(entry, size_bytes=size_bytes)
        head = os.pread(descriptor, content_type.HEAD_BYTES, 0)
        if content_type.detect(head) is None:
            kind = sidecars.kind_of(entry.name, descriptor)
            return Looked(entry, file_hash, None, kind.value if kind else None)
        return Looked(entry, file_hash, self._wanted.reader.read(descriptor, entry.name))

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
        self._write(restored)

    def _is_copy(self, looked: Looked, visit: Visit) -> bool:
        """Whether the record of this content names another file, one that is there."""
        record = visit.told.get(looked.file_hash)
        if record is not None:
            path = join(visit.folder.path, os.fsencode(str(record.name)))
        else:
            known = self._index.find(looked.file_hash)
            if known is None:
                return False
            path = known.path
        is_same = path == looked.entry.path
        return not is_same and archive.size_at(self._root, path) == looked.entry.size_bytes

    def _rows_of(self, looked: Looked, visit: Visit | None) -> Restored:
        record = visit.told.get(looked.file_hash) if visit else None
        record = record or self._record_elsewhere(looked.file_hash)
        if record is not None:
            return rows.from_record(looked, self._place, self._wanted.rules, record)
        said = self._said(looked.entry, visit.beside) if visit else ()
        return rows.without_record(looked, self._place, self._wanted.rules, said)

    def _record_elsewhere(self, file_hash: str) -> Record | None:
        known = self._index.find(file_hash)
        if known is None:
            return None
        there = archive.records_at(self._root, known.folder)
        return matching.by_hash(Folder(known.folder, (), there)).get(file_hash)

    def _said(self, entry: Entry, beside: neighbours.Folder) -> tuple[CompanionFacts, ...]:
        folder = entry.path.rpartition(b"/")[0]
        paths = [join(folder, os.fsencode(name)) for name in beside.companions_of(entry.name)]
        said = (neighbours.facts_of(self._root.fd, path) for path in paths)
        return domain_facts.merged(facts for facts in said if facts is not None)

    def _write(self, restored: Sequence[tuple[Looked, Restored]]) -> None:
        written = self._writer.assets([each for _, each in restored])
        for looked, each in restored:
            if each.asset_id in written:
                written.discard(each.asset_id)  # a second file of this content is a copy
                self.balance.outcomes["restored" if each.record else "read anew"] += 1
            else:
                self._copies.append(looked)

    def _settle_copies(self) -> None:
        """Further files of one content; the first of those whose own file is gone stands for it."""
        for looked in self._copies:
            one = self._rows_of(looked, None)
            if self._writer.assets([one]):
                self.balance.outcomes["restored"] += 1
                continue
            with self._wanted.database.read() as session:
                is_known = bool(rebuilding.known_hashes(session, [looked.file_hash]))
            if is_known:
                self.balance.outcomes["copy of another"] += 1
            else:
                self.balance.trouble(looked.entry.path, "failed", "its name or id is taken")

    def _record_sidecars(self, sidecars: Sequence[tuple[Looked, Visit]]) -> None:
        for each, visit in sidecars:
            told = visit.sidecars.get(each.file_hash, ())
            found = max(told, key=lambda one: one.link.name == each.entry.name, default=None)
            if self._writer.sidecar(each, self._place, found or self._by_name(each, visit)):
                self.balance.outcomes["sidecar"] += 1
            else:
                self.balance.trouble(each.entry.path, "left", "no picture, video or sidecar of one")

    def _by_name(self, looked: Looked, visit: Visit) -> Sidecar | None:
        """The photo of a sidecar that no record tells of."""
        names = visit.beside.names
        owners = companions.owners(looked.entry.name, names) if looked.kind else ()
        if not owners or looked.kind is None:
            return None
        path = os.fsdecode(join(looked.entry.path.rpartition(b"/")[0], os.fsencode(owners[0])))
        with self._wanted.database.read() as session:
            owner = originals.at_paths(session, self._place.root_id, [path]).get(path)
        if owner is None:
            return None
        link = Link(looked.kind, looked.file_hash, looked.entry.name, evidence="name")
        return Sidecar(owner.asset_id, link)

    def _link(self) -> None:
        """Restore the links between assets, and name the records whose file is missing."""
        told = (
            (folder.path, record)
            for folder in archive.walk(self._root)
            for record in folder.present()
        )
        for page in inbox.batched(told, PAGE):
            missing = self._wanted.database.run(functools.partial(_link_page, told=page))
            self.balance.missing += [naming.display(path) for path in missing]


def _link_page(session: orm.Session, told: Sequence[tuple[bytes, Record]]) -> list[bytes]:
    """Link the assets of records; the paths of files that records tell of and nobody has."""
    pairs = [
        rebuilding.Pair(record.file_hash, link.kind, link.file_hash, link.evidence)
        for _, record in told
        for link in record.links
        if link.name is None
    ]
    rebuilding.insert_pairs(session, pairs)
    known = rebuilding.known_hashes(session, [record.file_hash for _, record in told])
    filed = [(f, r, link) for f, r in told for link in r.links if link.name is not None]
    sidecars = rebuilding.known_sidecars(session, [link.file_hash for _, _, link in filed])
    missing = [(f, record.name) for f, record in told if record.file_hash not in known]
    missing += [
        (folder, link.name)
        for folder, record, link in filed
        if (record.asset_id, link.file_hash) not in sidecars
    ]
    return [join(folder, os.fsencode(str(name))) for folder, name in missing]
