"""The folder of the originals, opened and known by its marker: all writing happens through it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from uuid import UUID

from librarian import records
from shared import errors, faults
from shared.disk import aside, folders, mass_change, publish, root_folder


class Originals:
    """An opened root of originals. Paths are text relative to it, as the ledger has them.

    Temporary names begin with the id of the owner, so that the left-overs of the dead are known.
    `brake` is how much may change in it at once without a person.
    """

    def __init__(
        self,
        folder: root_folder.RootFolder,
        owner: int,
        brake: mass_change.Thresholds = mass_change.USUAL,
    ) -> None:
        self.folder = folder
        self.brake = brake
        self.owner = owner

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
        return f"{self.owner}.{uuid.uuid4().hex}".encode()

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
        """Whether anything at all is at a path, or in the place of a folder on the way."""
        folder, name = os.path.split(os.fsencode(relative_path))
        try:
            folder_fd = self.folder.open_folder(folder)
        except FileNotFoundError:
            return False
        except folders.UnusablePathError:
            return True
        try:
            os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
        except FileNotFoundError:
            return False
        finally:
            os.close(folder_fd)
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
            records.append(folder_fd, lines)

    def begin_records(self, folder: str, lines: Sequence[bytes]) -> str:
        """Keep a folder's record aside and begin another one, durably; where the old one is now.

        It leaves only when the disk has taken the new one.
        """
        path = record_path(folder)
        temporary = self.new_temporary_name()
        try:
            records.append(self.temporary_fd, lines, temporary)
            kept = self.set_aside(path)
            faults.point("records.aside")
            self.publish(temporary, path)
        finally:
            self.discard(temporary)
        return kept

    def has_records(self, folder: str) -> bool:
        """Whether a folder has a record."""
        return self.is_taken(record_path(folder))

    def set_aside(self, relative_path: str) -> str:
        """Keep bad bytes from the path of a file of ours; returns where they are now."""
        folder, name = os.path.split(os.fsencode(relative_path))
        with self._folder(folder) as folder_fd:
            return os.fsdecode(aside.set_aside(self.folder.fd, folder_fd, name))

    def kept_aside(self) -> list[str]:
        """The paths of all bytes that were set aside, in the order of their names."""
        try:
            descriptor = self.folder.open_folder(aside.FOLDER)
        except FileNotFoundError:
            return []
        try:
            return [
                f"{os.fsdecode(aside.FOLDER)}/{name}" for name in sorted(os.listdir(descriptor))
            ]
        finally:
            os.close(descriptor)

    def withdraw(self, relative_path: str, file_hash: str) -> None:
        """Take back what we published and may not record; other bytes there stay."""
        published = self._stat(relative_path)
        found = self.hash_at(relative_path)
        if published is not None and found is not None and found[0] == file_hash:
            self._take_away(relative_path, published)

    def give_name(self, present: str, relative_path: str) -> None:
        """Give an original another path beside its present one, durably; see publish.give_name."""
        folder, name = os.path.split(os.fsencode(relative_path))
        present_folder, present_name = os.path.split(os.fsencode(present))
        with contextlib.ExitStack() as opened:
            present_fd = self.folder.open_folder(present_folder)
            opened.callback(os.close, present_fd)
            folder_fd = opened.enter_context(self._folder(folder))
            publish.give_name(present_fd, present_name, folder_fd, name)
            publish.sync_folder(folder_fd)

    def drop_name(self, relative_path: str, kept: str) -> bool:
        """Take one of the two names of a file away; False if they are not of one file.

        True as well when the name is gone already.
        """
        stale, own = self._stat(relative_path), self._stat(kept)
        if stale is None:
            return True
        if own is None or not os.path.samestat(stale, own):
            return False
        return self._take_away(relative_path, own)

    def remove_emptied(self, folder: str) -> bool:
        """Remove a dated folder that holds nothing but its record, and its year if that is empty.

        False if anything else is in it (or somebody just files into it).
        """
        relative = os.fsencode(folder)
        parent, name = os.path.split(relative)
        with contextlib.ExitStack() as opened:
            try:
                folder_fd = self.folder.open_folder(relative)
            except FileNotFoundError:
                return True
            opened.callback(os.close, folder_fd)
            parent_fd = opened.enter_context(self._folder(parent))
            if not set(os.listdir(folder_fd)) <= {os.fsdecode(records.NAME)}:
                return False
            if not self._remove_with_record(parent_fd, name, folder_fd):
                return False
            publish.sync_folder(parent_fd)
        with contextlib.suppress(OSError):
            os.rmdir(parent, dir_fd=self.folder.fd)
        return True

    def _remove_with_record(self, parent_fd: int, name: bytes, folder_fd: int) -> bool:
        """Take the record out, then the folder; if that is not empty after all, put it back."""
        temporary = self.new_temporary_name()
        try:
            os.rename(records.NAME, temporary, src_dir_fd=folder_fd, dst_dir_fd=self.temporary_fd)
        except FileNotFoundError:
            temporary = b""
        try:
            os.rmdir(name, dir_fd=parent_fd)
        except OSError:
            if temporary:
                self._put_back(temporary, folder_fd)
            return False
        if temporary:
            self.discard(temporary)
        return True

    def _put_back(self, temporary: bytes, folder_fd: int) -> None:
        """Give a folder its record back; it may have got a new one meanwhile."""
        with self.open_temporary(temporary) as descriptor:
            lines = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        records.append(folder_fd, [lines])
        self.discard(temporary)

    def _take_away(self, relative_path: str, expected: os.stat_result) -> bool:
        """Remove a file by its name; False if another one has come under it, which stays.

        It goes through the temporary folder, the only place where we delete, and is looked at there
        once more.
        """
        folder, name = os.path.split(os.fsencode(relative_path))
        temporary = self.new_temporary_name()
        with self._folder(folder) as folder_fd:
            os.rename(name, temporary, src_dir_fd=folder_fd, dst_dir_fd=self.temporary_fd)
            taken = os.stat(temporary, dir_fd=self.temporary_fd, follow_symlinks=False)
            if not os.path.samestat(taken, expected):
                publish.publish(self.temporary_fd, temporary, folder_fd, name)
                return False
            publish.sync_folder(folder_fd)
        self.discard(temporary)
        return True

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


def record_path(folder: str) -> str:
    """The path of a folder's record."""
    return os.path.join(folder, os.fsdecode(records.NAME))
