"""One look at a file: its hash, and what it says about itself."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from typing import Protocol

from librarian.domain import content_type
from librarian.domain.facts import Facts
from librarian.formats import sidecars
from librarian.rebuilding.archive import Entry
from librarian.rebuilding.rows import Looked
from shared import errors
from shared.disk import publish
from shared.disk.root_folder import RootFolder


class FactsReader(Protocol):
    """What a rebuild needs of `librarian.reader.Reader`."""

    def read(self, fd: int, name: str) -> Facts:
        """The facts of an open file."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Looker:
    """Looks at files of one root; by several threads at once."""

    root: RootFolder
    reader: FactsReader

    def look(self, entry: Entry) -> Looked:
        """Hash and read one file; what cannot be read has an `error`."""
        try:
            descriptor = self.root.open_file(entry.path)
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
        entry = dataclasses.replace(entry, size_bytes=size_bytes)
        head = os.pread(descriptor, content_type.HEAD_BYTES, 0)
        if content_type.detect(head) is None:
            kind = sidecars.kind_of(entry.name, descriptor)
            return Looked(entry, file_hash, None, kind.value if kind else None)
        return Looked(entry, file_hash, self.reader.read(descriptor, entry.name))
