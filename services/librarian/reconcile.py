"""Disk and ledger compared: what differs is named, and what can be repaired safely is.

Nothing on the disk is changed but temporary files and records; no row is removed because a file is
missing. Both sides are walked in pages, so memory stays flat.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from librarian import high_water, records, recovery, scanner
from librarian.arrivals import Found
from librarian.domain import companions, naming
from librarian.originals import Originals, record_path
from librarian.records import Record
from librarian.repository import filings, folder_records, reconciling
from librarian.repository import originals as original_rows
from librarian.repository.originals import Original
from shared.database import Database
from shared.disk import folders

UNFINISHED: Final = "unfinished filing"
TEMPORARY: Final = "leftover temporary file"
MISSING: Final = "missing"
CHANGED: Final = "changed"
MOVED: Final = "moved"
COPY: Final = "second copy"
UNRECORDED: Final = "not in the ledger"
STALE: Final = "stale flag"
NO_LINE: Final = "not in its folder's record"
NO_RECORD: Final = "unreadable record of a folder"
NEWER: Final = "its folder's record is newer"
UNREADABLE: Final = "unreadable"
RETURNED: Final = "removed, and there again"
ASIDE: Final = "kept aside"


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One thing about which disk and ledger disagree; the path is relative to the originals.

    `is_read`: only reading the file has told.
    """

    kind: str
    path: str
    detail: str = ""
    asset_id: UUID | None = None
    file_hash: str | None = None
    stage: str | None = None
    is_read: bool = False


class Reconciler:
    """Compares one root of originals with the ledger."""

    def __init__(self, database: Database, originals: Originals, *, is_deep: bool = False) -> None:
        """With `is_deep`, every original is read and hashed, else its size has to do."""
        self._database = database
        self.originals = originals
        self._is_deep = self._is_reading = is_deep
        self._is_ledger_older = False

    def differences(self) -> Iterator[Difference]:
        """Every difference; interrupted work first, for the rest may follow from it."""
        yield from self.interrupted()
        yield from self.others()

    def interrupted(self) -> Iterator[Difference]:
        """Filings that nobody has finished, and temporary files of the dead."""
        with self._database.read() as session:
            unfinished = filings.unfinished(session)
        for filing in unfinished:
            if filing.root_id == self.originals.root_id:
                yield Difference(UNFINISHED, filing.relative_path, f"since owner {filing.owner}")
        for name in recovery.leftovers(self._database, self.originals):
            yield Difference(TEMPORARY, os.fsdecode(name))

    def others(self, *, again: bool = False) -> Iterator[Difference]:
        """Every difference but interrupted work; `again`: nothing is read that was read before."""
        self._is_reading = self._is_deep and not again
        self._is_ledger_older = high_water.is_too_old(self._database)
        yield from self._expected_files()
        yield from self._unknown_files()
        for path in self.originals.kept_aside():
            name = path.rpartition("/")[2].partition("-")[2]
            yield Difference(ASIDE, path, f"stood in the place of {name}; look, then delete it")
        with self._database.read() as session:
            flags = list(reconciling.stale_flags(session))
        for flag in flags:
            yield Difference(
                STALE, "", f"{flag.stage}: {flag.why}", flag.asset_id, None, flag.stage
            )

    def _expected_files(self) -> Iterator[Difference]:
        """Originals and sidecars that are missing, changed, or not in their folder's record."""
        after = ""
        folder: str | None = None
        lines: dict[UUID, Record] | None = None
        while True:
            with self._database.read() as session:
                page = reconciling.expected(session, self.originals.root_id, after)
                told = folder_records.load(session, [each.asset_id for each in page])
            if not page:
                return
            for each in page:
                found = list(self._look_at(each))
                yield from found
                own_folder = each.relative_path.rpartition("/")[0]
                if own_folder != folder:
                    folder, lines = own_folder, self._lines(own_folder)
                    if lines is None:
                        yield Difference(NO_RECORD, record_path(folder))
                if each.is_original and all(one.kind != MISSING for one in found):
                    yield from self._compare(each, lines, told.get(each.asset_id))
            after = page[-1].path_key

    def _compare(
        self, each: reconciling.Expected, lines: dict[UUID, Record] | None, told: Record | None
    ) -> Iterator[Difference]:
        """A folder's record against the ledger; an older ledger must not overwrite it."""
        if told is None or lines is None or is_told(lines, told):
            return
        line = lines.get(told.asset_id)
        is_newer = line is not None and (self._is_ledger_older or line.revision > told.revision)
        kind = NEWER if is_newer else NO_LINE
        yield Difference(kind, each.relative_path, asset_id=each.asset_id, file_hash=told.file_hash)

    def _look_at(self, each: reconciling.Expected) -> Iterator[Difference]:
        try:
            size = self.originals.size_at(each.relative_path)
            if size is None:
                yield Difference(MISSING, each.relative_path, asset_id=each.asset_id)
            elif size != each.size_bytes:
                detail = f"{size} bytes, not {each.size_bytes}"
                yield Difference(CHANGED, each.relative_path, detail, each.asset_id)
            elif self._is_reading:
                yield from self._read(each)
        except OSError as error:
            yield Difference(CHANGED, each.relative_path, f"unreadable: {error}", each.asset_id)

    def _read(self, each: reconciling.Expected) -> Iterator[Difference]:
        try:
            found = self.originals.hash_at(each.relative_path)
        except OSError as error:
            detail = f"unreadable: {error}"
        else:
            detail = "" if found == (each.file_hash, each.size_bytes) else "other bytes"
        if detail:
            yield Difference(CHANGED, each.relative_path, detail, each.asset_id, is_read=True)

    def _unknown_files(self) -> Iterator[Difference]:
        """Files that the ledger does not know at their path."""
        page: list[str] = []
        for met in scanner.walk(self.originals.folder.fd):
            if isinstance(met, scanner.Unreadable):
                yield Difference(UNREADABLE, naming.display(met.path), met.error)
            elif isinstance(met, Found) and not is_text(met.path):
                yield Difference(UNREADABLE, naming.display(met.path), "its name is not UTF-8")
            elif isinstance(met, Found):
                page.append(os.fsdecode(met.path))
            if len(page) == reconciling.PAGE:
                yield from self._unknown_of(page)
                page = []
        yield from self._unknown_of(page)

    def _unknown_of(self, page: list[str]) -> Iterator[Difference]:
        with self._database.read() as session:
            unknown = reconciling.unknown(session, self.originals.root_id, page)
        for path in unknown:
            try:
                found = self.originals.hash_at(path)
            except OSError as error:
                yield Difference(UNREADABLE, path, str(error))
                continue
            if found is None:
                continue  # moved meanwhile
            file_hash, _ = found
            with self._database.read() as session:
                known = original_rows.by_hash(session, [file_hash]).get(file_hash)
            yield self._unknown_one(path, file_hash, known)

    def _unknown_one(self, path: str, file_hash: str, known: Original | None) -> Difference:
        if known is None:
            return self._moved_sidecar(path, file_hash) or Difference(
                UNRECORDED, path, file_hash=file_hash
            )
        own_path = known.relative_path
        if own_path == path:
            return Difference(RETURNED, path, "", known.asset_id, file_hash)
        if own_path is not None and self.originals.size_at(own_path) == known.size_bytes:
            return Difference(COPY, path, f"of {own_path}", known.asset_id, file_hash)
        return Difference(MOVED, path, own_path or "", known.asset_id, file_hash)

    def _moved_sidecar(self, path: str, file_hash: str) -> Difference | None:
        """Equal sidecars are common: the name has to be the same, and the old place empty."""
        folder, _, name = path.rpartition("/")
        if not companions.is_name_of_one(name):
            return None  # so are all filed ones named; asking for a content reads all of them
        with self._database.read() as session:
            known = reconciling.sidecars(session, self.originals.root_id, file_hash, folder)
        for each in known:
            is_named_so = each.relative_path.rpartition("/")[2] == name
            if is_named_so and self.originals.size_at(each.relative_path) is None:
                return Difference(MOVED, path, each.relative_path, each.asset_id, file_hash)
        return None

    def _lines(self, folder: str) -> dict[UUID, Record] | None:
        """The record of a folder; None if it is there and cannot be read."""
        try:
            descriptor = self.originals.folder.open_folder(os.fsencode(folder))
        except (OSError, folders.UnusablePathError):
            return {}
        try:
            return records.read(descriptor)
        except OSError:
            return None
        finally:
            os.close(descriptor)


def is_text(path: bytes) -> bool:
    """Whether a path is UTF-8, as the paths of all originals are."""
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_told(lines: dict[UUID, Record], record: Record | None) -> bool:
    """Whether a folder's record says what the ledger says now."""
    if record is None:
        return True  # gone meanwhile
    line = lines.get(record.asset_id)
    if line is None:
        return False
    told, known = (
        (
            each.file_hash,
            each.name,
            each.captured,
            each.override,
            each.companions,
            frozenset(each.links),
        )
        for each in (line, record)
    )
    return told == known
