"""The last step in move mode: the source goes, but never under the name it arrived by.

Rename aside, look again, unlink: between a look at a name and its unlink another file could have
come under it; under a name that only we know, none can.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable
from typing import Final
from uuid import UUID

from librarian import staging
from librarian.domain import naming
from librarian.staging import Identity
from shared import errors, faults
from shared.disk import folders, renaming

PREFIX: Final = b".photofactory-removing-"
TRIES: Final = 1_000


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
        set_aside(folder_fd, name, aside)
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
    try:
        return _finish(folder_fd, name, aside, expected, is_original_there)
    except OSError:
        with contextlib.suppress(OSError):
            give_back(folder_fd, aside, name)
        raise


def _finish(
    folder_fd: int,
    name: bytes,
    aside: bytes,
    expected: Identity,
    is_original_there: Callable[[], bool],
) -> bool:
    is_same = _is_same(folder_fd, aside, expected, with_ctime=False)
    if not is_same or not is_original_there():
        give_back(folder_fd, aside, name)
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


def set_aside(folder_fd: int, name: bytes, aside: bytes) -> None:
    """Rename an arrival to the name that only we know; raises FileExistsError if that is taken.

    It is one rename, whatever the system: by a link and an unlink, a file that comes under the
    arrival's name in between would be lost.
    """
    try:
        renaming.rename_no_replace(folder_fd, name, folder_fd, aside)
    except OSError as error:
        if error.errno not in renaming.UNSUPPORTED:
            raise
        if exists(folder_fd, aside):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), aside) from error
        os.rename(name, aside, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)


def give_back(folder_fd: int, aside: bytes, name: bytes) -> None:
    """Give a file its arrival name again; `name_1` ... where another file has come under it.

    Either way it arrives anew: nobody looks for photos under the other name.
    """
    for clash in range(TRIES):
        try:
            _rename(folder_fd, aside, os.fsencode(naming.file_name(name, clash)) if clash else name)
        except FileExistsError:
            if clash == TRIES - 1:
                raise
        else:
            return


def _rename(folder_fd: int, aside: bytes, name: bytes) -> None:
    try:
        renaming.rename_no_replace(folder_fd, aside, folder_fd, name)
    except OSError as error:
        if error.errno not in renaming.UNSUPPORTED:
            raise
        # A hard link also never replaces; where there is neither, the file stays aside.
        os.link(aside, name, src_dir_fd=folder_fd, dst_dir_fd=folder_fd, follow_symlinks=False)
        os.unlink(aside, dir_fd=folder_fd)


def exists(folder_fd: int, name: bytes) -> bool:
    """Whether anything has this name."""
    try:
        os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


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


def remove_emptied(source_fd: int, removed: Iterable[bytes]) -> None:
    """Remove the folders in which ``removed`` files were the last, upwards, never the source."""
    emptied = {path.rpartition(b"/")[0] for path in removed}
    for deepest in sorted(emptied, key=len, reverse=True):
        folder = deepest
        while folder:
            parent, _, name = folder.rpartition(b"/")
            try:
                parent_fd = folders.open_folder(source_fd, parent)
            except (OSError, folders.UnusablePathError):
                break
            try:
                os.rmdir(name, dir_fd=parent_fd)
            except OSError:
                break  # not empty, or gone already
            finally:
                os.close(parent_fd)
            folder = parent
