"""How a file of ours comes into being: written aside, made durable, published without clobbering.

The order, which must not change: ``create_temporary`` -> ``copy_into`` -> mtime -> ``sync_file`` ->
``publish``. Until ``publish`` no reader sees the file; from then on it is complete.
"""

import contextlib
import errno
import math
import os
import time
from typing import Protocol

from shared import errors, faults
from shared.disk import renaming
from shared.disk.folders import ensure_folders, sync_file, sync_folder

__all__ = [
    "AcrossMountsError",
    "NameTakenError",
    "copy_into",
    "create_temporary",
    "discard_temporary",
    "ensure_folders",
    "give_name",
    "hash_of",
    "idle_s",
    "publish",
    "replace",
    "sync_file",
    "sync_folder",
]

_moved_at_s = -math.inf
_BUFFER_BYTES = 64 * 1024
_NO_LINKS = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOSYS, errno.ENOTSUP}
_NO_RENAME = {*renaming.UNSUPPORTED, errno.EXDEV}


class Hasher(Protocol):
    """What hashlib gives."""

    def update(self, data: memoryview, /) -> None:
        """Takes more bytes."""

    def hexdigest(self) -> str:
        """The hash of all bytes so far."""
        ...


class NameTakenError(errors.TransientError):
    """Another file has this name; compare hashes, then adopt it or choose another name."""


class AcrossMountsError(errors.TransientError):
    """The folder lies on another mount than the root's temporary files."""


def create_temporary(temporary_fd: int, name: bytes) -> int:
    """A descriptor of a new file in the root's temporary folder; FileExistsError if it is there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, 0o666, dir_fd=temporary_fd)


def discard_temporary(temporary_fd: int, name: bytes) -> None:
    """Removes a temporary file, if it is still there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=temporary_fd)


def copy_into(source_fd: int, target_fd: int, hasher: Hasher) -> tuple[str, int]:
    """Copies all bytes from the source's beginning in one pass; (hash in hex, size in bytes).

    Nothing is synced. Raises OSError (ENOSPC, EIO ...) with the target half-written.
    """
    return _pass_over(source_fd, target_fd, hasher)


def hash_of(source_fd: int, hasher: Hasher) -> tuple[str, int]:
    """Reads all bytes from the beginning in one pass; (hash in hex, size in bytes)."""
    return _pass_over(source_fd, None, hasher)


def publish(temporary_fd: int, temporary: bytes, folder_fd: int, name: bytes) -> None:
    """Gives the finished temporary file its final name, durably; the temporary name is gone then.

    By hard link, else by a rename that does not replace, else by renaming over an empty file made
    exclusively. Trying decides, not the device number: two mounts of one disk share it and refuse.
    Repeating it after a crash is fine while the temporary file is there.

    Raises FileNotFoundError if the temporary file is gone (so it was published: hash what is
    there), NameTakenError (nothing changed), AcrossMountsError, OSError.
    """
    give_name(temporary_fd, temporary, folder_fd, name)
    faults.point("publish.named")
    discard_temporary(temporary_fd, temporary)
    faults.point("publish.published")
    sync_folder(folder_fd)
    faults.point("publish.synced")


def give_name(from_fd: int, present: bytes, folder_fd: int, name: bytes) -> None:
    """Gives a file of ours another name beside its present one, without clobbering; not durable.

    Where the file system has no hard links the present name is gone then. Repeating it is fine.

    Raises FileNotFoundError if the present name is gone, NameTakenError (nothing changed),
    AcrossMountsError, OSError.
    """
    own = os.stat(present, dir_fd=from_fd, follow_symlinks=False)
    try:
        _give_name(from_fd, present, folder_fd, name)
    except (FileExistsError, FileNotFoundError) as error:
        # Our own inode there means that it has worked, now (NFS repeats) or before a crash.
        if not _is(own, folder_fd, name):
            if isinstance(error, FileExistsError):
                raise NameTakenError(f"{name!r} exists") from error
            raise
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise AcrossMountsError(f"{name!r}: its folder lies on another mount") from error
        raise


def replace(temporary_fd: int, temporary: bytes, folder_fd: int, name: bytes) -> None:
    """Renames the finished temporary file over ``name``, durably: for our own records only."""
    os.rename(temporary, name, src_dir_fd=temporary_fd, dst_dir_fd=folder_fd)
    sync_folder(folder_fd)


def _give_name(temporary_fd: int, temporary: bytes, folder_fd: int, name: bytes) -> None:
    try:
        faults.point("publish.link")
        os.link(
            temporary,
            name,
            src_dir_fd=temporary_fd,
            dst_dir_fd=folder_fd,
            follow_symlinks=False,
        )
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    else:
        return
    try:
        faults.point("publish.rename")
        renaming.rename_no_replace(temporary_fd, temporary, folder_fd, name)
    except OSError as error:
        if error.errno not in _NO_RENAME:
            raise
    else:
        return
    _rename_over_reservation(temporary_fd, temporary, folder_fd, name)


def _rename_over_reservation(
    temporary_fd: int, temporary: bytes, folder_fd: int, name: bytes
) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    reserved_fd = os.open(name, flags, 0o666, dir_fd=folder_fd)
    try:
        faults.point("publish.reserved")
        os.rename(temporary, name, src_dir_fd=temporary_fd, dst_dir_fd=folder_fd)
    except OSError:
        reserved = os.fstat(reserved_fd)
        if reserved.st_size == 0 and _is(reserved, folder_fd, name):
            os.unlink(name, dir_fd=folder_fd)
        raise
    finally:
        os.close(reserved_fd)


def _is(own: os.stat_result, folder_fd: int, name: bytes) -> bool:
    try:
        there = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)


def idle_s() -> float:
    """For how many seconds this process has neither copied nor hashed a byte."""
    return time.monotonic() - _moved_at_s


def _pass_over(source_fd: int, target_fd: int | None, hasher: Hasher) -> tuple[str, int]:
    global _moved_at_s  # noqa: PLW0603  one clock for all threads: the latest is right
    os.lseek(source_fd, 0, os.SEEK_SET)
    buffer = memoryview(bytearray(_BUFFER_BYTES))
    size_bytes = 0
    with open(source_fd, "rb", buffering=0, closefd=False) as source:
        while length := source.readinto(buffer):
            _moved_at_s = time.monotonic()
            part = buffer[:length]
            hasher.update(part)
            size_bytes += length
            if target_fd is not None:
                faults.point("copy.write")
                _write_all(target_fd, part)
    return hasher.hexdigest(), size_bytes


def _write_all(fd: int, part: memoryview) -> None:
    while part:
        part = part[os.write(fd, part) :]
