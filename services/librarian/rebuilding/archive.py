"""What lies in the folders of the originals: their files, and what their records say."""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

from librarian import arrivals, records
from librarian.records import Record
from librarian.scanner import join
from shared import errors
from shared.disk import folders
from shared.disk.root_folder import RootFolder

_HIDDEN: Final = b"."


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A file among the originals; `path` is relative to their root."""

    path: bytes
    size_bytes: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """The name, as text."""
        return os.fsdecode(self.path.rpartition(b"/")[2])

    @property
    def is_text(self) -> bool:
        """Whether the path is UTF-8, as the paths of all filed originals are."""
        try:
            self.path.decode()
        except UnicodeDecodeError:
            return False
        return True


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """One folder: its visible files by name order, and the newest record of each asset in it."""

    path: bytes
    entries: tuple[Entry, ...]
    records: Mapping[UUID, Record]

    def present(self) -> list[Record]:
        """The records of assets that should be in this folder."""
        return [record for record in self.records.values() if record.name is not None]


def walk(root: RootFolder) -> Iterator[Folder]:
    """Every folder that holds files or records, parents before what is below, in name order.

    Hidden names are left out (our own folder is one), links are never followed. Raises OSError for
    a folder that cannot be read: a rebuild must not take it for empty.
    """
    waiting = [b""]
    while waiting:
        path = waiting.pop()
        folder_fd = root.open_folder(path)
        try:
            below, entries = _look(folder_fd, path)
            found = _records_in(folder_fd, path)
        finally:
            os.close(folder_fd)
        if entries or found:
            yield Folder(path, tuple(entries), found)
        waiting += sorted(below, reverse=True)


def records_at(root: RootFolder, path: bytes) -> Mapping[UUID, Record]:
    """The records of one folder."""
    folder_fd = root.open_folder(path)
    try:
        return _records_in(folder_fd, path)
    finally:
        os.close(folder_fd)


def unreadable(folder: bytes, error: OSError) -> errors.UserError:
    """What a person can do about a record that the medium does not give back."""
    name = os.fsdecode(join(folder, records.NAME))
    return errors.UserError(
        f"the record {name} of the originals cannot be read ({error.strerror})",
        "copy it back from a backup; or move it away, then its photos are dated anew",
    )


def _records_in(folder_fd: int, path: bytes) -> Mapping[UUID, Record]:
    try:
        return records.read(folder_fd)
    except OSError as error:
        raise unreadable(path, error) from error


def entry_at(root: RootFolder, path: bytes) -> Entry | None:
    """The regular file at a path; None if there is none."""
    folder, name = os.path.split(path)
    try:
        folder_fd = root.open_folder(folder)
    except (FileNotFoundError, folders.UnusablePathError):
        return None
    try:
        found = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    finally:
        os.close(folder_fd)
    is_file = stat.S_ISREG(found.st_mode)
    return Entry(path, found.st_size, arrivals.mtime_ns_of(found)) if is_file else None


def _look(folder_fd: int, path: bytes) -> tuple[list[bytes], list[Entry]]:
    below: list[bytes] = []
    entries: list[Entry] = []
    with os.scandir(folder_fd) as listing:
        for each in listing:
            name = os.fsencode(each.name)
            if name.startswith(_HIDDEN):
                continue
            if each.is_dir(follow_symlinks=False):
                below.append(join(path, name))
            elif each.is_file(follow_symlinks=False):
                found = each.stat(follow_symlinks=False)
                mtime_ns = arrivals.mtime_ns_of(found)
                entries.append(Entry(join(path, name), found.st_size, mtime_ns))
    return below, sorted(entries, key=lambda entry: entry.path)
