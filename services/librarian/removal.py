"""The last step in move mode: the source goes, but never under the name it arrived by.

Rename aside, look again, unlink: between a look at a name and its unlink another file could have
come under it; under a name that only we know, none can.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final
from uuid import UUID

from librarian import staging
from librarian.staging import Identity
from shared import errors, faults, folders, renaming

PREFIX: Final = b".photofactory-removing-"


class WrongViewError(errors.DependencyError):
    """Removing the source would remove the original: both are one file, or it has gone."""

    def __init__(self, path: bytes) -> None:
        super().__init__("originals", f"the original of {path!r} is gone or is the source itself")


def remove(
    source_fd: int,
    path: bytes,
    expected: Identity,
    file_id: UUID,
    is_original_there: Callable[[], bool],
) -> bool:
    """Remove a source whose original is recorded; False if it is no longer the file we read.

    Raises:
        WrongViewError: The original is not there once the source is renamed; it is renamed back.
        OSError: The source's file system refused; the source is there under one of its names.
    """
    folder, name = os.path.split(path)
    aside = aside_name(file_id)
    try:
        folder_fd = folders.open_folder(source_fd, folder)
    except (FileNotFoundError, errors.PermanentError):
        return False
    try:
        if not _is_same(folder_fd, name, expected):
            return False
        faults.point("remove.checked")
        rename(folder_fd, name, aside)
        faults.point("remove.aside")
        return finish(folder_fd, name, aside, expected, is_original_there)
    finally:
        os.close(folder_fd)


def finish(
    folder_fd: int,
    name: bytes,
    aside: bytes,
    expected: Identity,
    is_original_there: Callable[[], bool],
) -> bool:
    """Unlink a file that stands aside if it is the expected one, else give its name back."""
    is_same = _is_same(folder_fd, aside, expected, with_ctime=False)
    if not is_same or not is_original_there():
        rename(folder_fd, aside, name)
        folders.sync_folder(folder_fd)
        if is_same:
            raise WrongViewError(name)
        return False
    faults.point("remove.unlink")
    os.unlink(aside, dir_fd=folder_fd)
    faults.point("remove.unlinked")
    folders.sync_folder(folder_fd)
    return True


def aside_name(file_id: UUID) -> bytes:
    """The name of a file while it is being removed."""
    return PREFIX + file_id.hex.encode()


def rename(folder_fd: int, old: bytes, new: bytes) -> None:
    """Rename within a folder; raises FileExistsError rather than replacing a file."""
    try:
        renaming.rename_no_replace(folder_fd, old, folder_fd, new)
    except OSError as error:
        if error.errno not in renaming.UNSUPPORTED:
            raise
        # A hard link also never replaces; where there is neither, the source stays.
        os.link(old, new, src_dir_fd=folder_fd, dst_dir_fd=folder_fd, follow_symlinks=False)
        os.unlink(old, dir_fd=folder_fd)


def _is_same(folder_fd: int, name: bytes, expected: Identity, *, with_ctime: bool = True) -> bool:
    """Whether the file is the expected one and nobody writes it (renaming changes its ctime)."""
    try:
        descriptor = folders.open_file(folder_fd, name)
    except (FileNotFoundError, errors.PermanentError):
        return False
    try:
        seen = Identity.of(os.fstat(descriptor))
        if not with_ctime:
            seen = seen.with_ctime_of(expected)
        return seen == expected and not staging.is_open_for_writing(descriptor)
    finally:
        os.close(descriptor)
