"""Which record belongs to which file: by content, wherever either of them lies."""

from __future__ import annotations

import dataclasses
import os
from uuid import UUID

from librarian.rebuilding.archive import Folder
from librarian.records import Link, Record
from librarian.scanner import join


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """Where the newest record of a content is, and the name that it gives."""

    folder: bytes
    name: str
    revision: int

    @property
    def path(self) -> bytes:
        """The path that the record gives, relative to the root."""
        return join(self.folder, os.fsencode(self.name))


class Index:
    """Every recorded content of the archive; about 200 bytes each."""

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}

    def add(self, folder: Folder) -> None:
        """Take in the records of a folder."""
        for record in folder.present():
            key = bytes.fromhex(record.file_hash)
            earlier = self._known.get(key)
            if earlier is None or earlier.revision <= record.revision:
                self._known[key] = Known(folder.path, str(record.name), record.revision)

    def find(self, file_hash: str) -> Known | None:
        """Where the record of a content is; None if there is none."""
        return self._known.get(bytes.fromhex(file_hash))


def record_of(folder: Folder, file_hash: str) -> Record | None:
    """The record of a content in a folder; of several the one with the highest revision."""
    fitting = [record for record in folder.present() if record.file_hash == file_hash]
    return max(fitting, key=lambda record: record.revision, default=None)


@dataclasses.dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar's photo and link; `record` is the photo's, if it tells of the sidecar."""

    asset_id: UUID
    link: Link
    record: Record | None = None


def sidecar_of(folder: Folder, name: str, file_hash: str) -> Sidecar | None:
    """What a folder's records tell of a sidecar: one of this name, else one of this content."""
    told = [
        Sidecar(record.asset_id, link, record)
        for record in folder.present()
        for link in record.links
        if link.name is not None and link.file_hash == file_hash
    ]
    return max(told, key=lambda each: each.link.name == name, default=None)
