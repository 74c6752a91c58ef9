"""The folder of the originals, opened and known by its marker: all writing happens through it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from librarian import records
from shared import errors, faults, folders, publish, renaming, root_folder

DAMAGED: Final = b".photofactory/damaged"
"""Bytes that stood in the place of an original and were not its own; kept for a person."""


class Originals:
    """An opened root of originals. Paths are text relative to it, as the ledger has them.

    Temporary names begin with the id of the owner, so that the left-overs of the dead are known.
    """

    def __init__(self, folder: root_folder.RootFolder, owner: int) -> None:
        self.folder = folder
        self._owner = owner

    @property
    def root_id(self) -> UUID:
        """The root's id in the ledger."""
        return self.folder.known.id

    @property
    def temporary_fd(self) -> int:
        """The open folder of temporary files."""
        return self.folder.temporary_fd

    def new_temporary_name(self) -> bytes:
        """A name that nobody else takes."""
        return f"{self._owner}.{uuid.uuid4().hex}".encode()

    def discard(self, temporary: bytes) -> None:
        """Remove a temporary file, if it is still there."""
        publish.discard_temporary(self.temporary_fd, temporary)

    def sync_temporary(self, temporary: bytes) -> None:
        """Return when the temporary file's bytes are on the medium."""
        with self.open_temporary(temporary) as descriptor:
            faults.point("filing.fsync")
            publish.sync_file(descriptor)

    @contextlib.contextmanager
    def open_temporary(self, temporary: bytes) -> Iterator[int]:
        """Give a read-only descriptor of a temporary file."""
        descriptor = folders.open_file(self.temporary_fd, temporary)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def publish(self, temporary: bytes, relative_path: str) -> None:
        """Give a synced temporary file its path, durably; see `publish.publish` for errors."""
        folder, name = os.path.split(os.fsencode(relative_path))
        with self._folder(folder) as folder_fd:
            publish.publish(self.temporary_fd, temporary, folder_fd, name)

    def hash_at(self, relative_path: str) -> tuple[str, int] | None:
        """Hash and size of the regular file at a path; None if there is none.

        Raises OSError if it is there and cannot be read.
        """
        try:
            descriptor = self.folder.open_file(os.fsencode(relative_path))
        except (FileNotFoundError, errors.PermanentError):
            return None
        try:
            return publish.hash_of(descriptor, hashlib.sha256())
        finally:
            os.close(descriptor)

    def size_at(self, relative_path: str) -> int | None:
        """The size of the regular file at a path; None if there is none."""
        found = self._stat(relative_path)
        return found.st_size if found else None

    def is_taken(self, relative_path: str) -> bool:
        """Whether anything at all is at a path."""
        folder, name = os.path.split(os.fsencode(relative_path))
        with self._folder(folder) as folder_fd:
            try:
                os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
            except FileNotFoundError:
                return False
        return True

    def sync(self, relative_path: str) -> None:
        """Return when a file found at its path and its folder's entry are on the medium."""
        folder, name = os.path.split(os.fsencode(relative_path))
        with self._folder(folder) as folder_fd:
            descriptor = folders.open_file(folder_fd, name)
            try:
                publish.sync_file(descriptor)
            finally:
                os.close(descriptor)
            publish.sync_folder(folder_fd)

    def append_records(self, folder: str, lines: Sequence[bytes]) -> None:
        """Append lines to the record of a folder, durably."""
        with self._folder(os.fsencode(folder)) as folder_fd:
            faults.point("filing.record_line")
            records.append(folder_fd, lines)

    def set_aside(self, relative_path: str) -> str:
        """Move bad bytes from an original's path to DAMAGED; returns where they are now."""
        folder, name = os.path.split(os.fsencode(relative_path))
        with self._folder(folder) as folder_fd, self._folder(DAMAGED) as aside_fd:
            kept = uuid.uuid4().hex.encode() + b"-" + name[-200:]
            renaming.rename_no_replace(folder_fd, name, aside_fd, kept)
            publish.sync_folder(aside_fd)
            publish.sync_folder(folder_fd)
        return os.fsdecode(DAMAGED + b"/" + kept)

    def withdraw(self, relative_path: str, file_hash: str) -> None:
        """Take back what we published and may not record; other bytes there stay.

        The file goes through the temporary folder, the only place where we delete.
        """
        found = self.hash_at(relative_path)
        if found is None or found[0] != file_hash:
            return
        folder, name = os.path.split(os.fsencode(relative_path))
        with self._folder(folder) as folder_fd:
            temporary = self.new_temporary_name()
            renaming.rename_no_replace(folder_fd, name, self.temporary_fd, temporary)
            publish.sync_folder(folder_fd)
        self.discard(temporary)

    def _stat(self, relative_path: str) -> os.stat_result | None:
        try:
            descriptor = self.folder.open_file(os.fsencode(relative_path))
        except (FileNotFoundError, errors.PermanentError):
            return None
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _folder(self, relative: bytes) -> Iterator[int]:
        folder_fd = self.folder.ensure_folders(relative)
        try:
            yield folder_fd
        finally:
            os.close(folder_fd)
