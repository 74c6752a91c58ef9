"""Folders and files below a root, reached through descriptors only.

A path is bytes, relative to an open directory, and never follows a symbolic link: what was checked
when the directory was opened stays true, whatever is mounted or moved meanwhile. Every descriptor
that a function returns is the caller's to close.
"""

import errno
import fcntl
import os
import stat

from shared import errors

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK a named pipe in an inbox would block for ever.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}  # some network file systems
_F_FULLFSYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)


class UnusablePathError(errors.PermanentError):
    """A relative path leaves its root, crosses a symbolic link or ends in no regular file."""


def open_root(path: str | bytes) -> int:
    """A descriptor of the folder at an absolute path; here links are followed."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def open_folder(root_fd: int, relative: bytes) -> int:
    """A descriptor of an existing folder; b"" is the root itself.

    Raises FileNotFoundError and UnusablePathError.
    """
    return _descend(root_fd, relative, may_create=False)


def ensure_folders(root_fd: int, relative: bytes) -> int:
    """Like ``open_folder``; folders that are missing are made, and made durable."""
    return _descend(root_fd, relative, may_create=True)


def open_file(root_fd: int, relative: bytes) -> int:
    """A read-only descriptor of a regular file; raises FileNotFoundError, UnusablePathError."""
    folder, name = os.path.split(relative)
    folder_fd = open_folder(root_fd, folder)
    try:
        fd = os.open(_checked(name, relative), _FILE, dir_fd=folder_fd)
    except OSError as error:
        raise _clearer(error, relative) from error
    finally:
        os.close(folder_fd)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise UnusablePathError(f"{relative!r} is not a regular file")
    return fd


def sync_file(fd: int) -> None:
    """Returns when the file's bytes are on the medium (macOS: F_FULLFSYNC)."""
    if _F_FULLFSYNC is not None:
        try:
            fcntl.fcntl(fd, _F_FULLFSYNC)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise
        else:
            return
    os.fsync(fd)


def sync_folder(fd: int) -> None:
    """Returns when the folder's entries are on the medium, where the file system can say so."""
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise


def _descend(root_fd: int, relative: bytes, *, may_create: bool) -> int:
    folder_fd = os.open(b".", _FOLDER, dir_fd=root_fd)
    for name in relative.split(b"/") if relative else []:
        try:
            below_fd = _enter(folder_fd, _checked(name, relative), may_create=may_create)
        except OSError as error:
            raise _clearer(error, relative) from error
        finally:
            os.close(folder_fd)
        folder_fd = below_fd
    return folder_fd


def _enter(folder_fd: int, name: bytes, *, may_create: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=folder_fd)
    except FileNotFoundError:
        if not may_create:
            raise
    try:
        os.mkdir(name, dir_fd=folder_fd)
    except FileExistsError:
        pass  # somebody else made it just now
    else:
        sync_folder(folder_fd)
    return os.open(name, _FOLDER, dir_fd=folder_fd)


def _checked(name: bytes, relative: bytes) -> bytes:
    if name in {b"", b".", b".."}:
        raise UnusablePathError(f"{relative!r} is not a plain relative path")
    return name


def _clearer(error: OSError, relative: bytes) -> Exception:
    """Links and files in the place of folders are named; the rest stays what it is."""
    if error.errno in {errno.ELOOP, errno.ENOTDIR, errno.ENXIO}:
        return UnusablePathError(f"{relative!r}: a symbolic link or no folder on the way")
    return error
