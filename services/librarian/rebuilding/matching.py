"""Which record belongs to which file: by content, wherever either of them lies."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Mapping
from uuid import UUID

from librarian.rebuilding import archive
from librarian.rebuilding.archive import Folder
from librarian.records import Link, Record
from librarian.scanner import join
from shared.disk.root_folder import RootFolder


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """Where the newest record of a content is, and the name that it gives (None: it left)."""

    folder: bytes
    name: str | None
    revision: int

    @property
    def path(self) -> bytes | None:
        """The path that the record gives, relative to the root."""
        return None if self.name is None else join(self.folder, os.fsencode(self.name))

    @property
    def rank(self) -> tuple[bool, int]:
        """Records of files that left count where there is no other: one may be put back."""
        return (self.name is not None, self.revision)


class Index:
    """Every recorded content of the archive; about 200 bytes each."""

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}

    def add(self, folder: Folder) -> None:
        """Take in the records of a folder."""
        for record in folder.records.values():
            key = bytes.fromhex(record.file_hash)
            known = Known(folder.path, record.name, record.revision)
            earlier = self._known.get(key)
            if earlier is None or earlier.rank <= known.rank:
                self._known[key] = known

    def find(self, file_hash: str) -> Known | None:
        """Where the record of a content is; None if there is none."""
        return self._known.get(bytes.fromhex(file_hash))


def by_hash(folder: Folder) -> dict[str, Record]:
    """The records of a folder by content; of several the newest of a file that should be here."""
    found = folder.records.values()
    ordered = sorted(found, key=lambda record: (record.name is not None, record.revision))
    return {record.file_hash: record for record in ordered}


class Records:
    """What the records of single folders tell, as they are when they are first asked for.

    Many files of one folder ask one after the other, and its record may have a line for each.
    """

    def __init__(self, root: RootFolder) -> None:
        self._root = root
        self._told = functools.lru_cache(maxsize=2)(self._read)

    def find(self, folder: bytes, file_hash: str) -> Record | None:
        """What the record of a folder says of a content; None if it does not know it."""
        return self._told(folder).get(file_hash)

    def _read(self, folder: bytes) -> Mapping[str, Record]:
        return by_hash(Folder(folder, (), archive.records_at(self._root, folder)))


@dataclasses.dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar's photo and link; `record` is the photo's, if it tells of the sidecar."""

    asset_id: UUID
    link: Link
    record: Record | None = None


def sidecars(folder: Folder) -> dict[str, list[Sidecar]]:
    """The sidecars that a folder's records tell of, by content."""
    told: dict[str, list[Sidecar]] = {}
    for record in folder.present():
        for link in record.links:
            if link.name is not None:
                told.setdefault(link.file_hash, []).append(Sidecar(record.asset_id, link, record))
    return told
