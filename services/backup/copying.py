"""Copies on a backup target: written aside, synced, published, and read back from the medium."""

import contextlib
import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import uuid4

from shared import errors, faults
from shared.disk import aside, disk_space, publish
from shared.disk.root_folder import RootFolder

TEMPORARY_PREFIX: Final = "backup-"
_BEGINNING: Final = 4096
"""Bytes of a record that tell it from another one: asset ids are in its first line."""

_TARGET_GONE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENODEV, errno.ENXIO,
    errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT}  # fmt: skip
_F_NOCACHE: Final[int | None] = getattr(fcntl, "F_NOCACHE", None)  # macOS


class ContentDiffersError(errors.TransientError):
    """The original's bytes are not those that were filed."""


class CopyDiffersError(errors.TransientError):
    """A copy was written and synced, and other bytes are read back: the medium is bad."""


@contextlib.contextmanager
def blaming_target(name: str) -> Iterator[None]:
    """Turn errors of a target that is full, read-only or gone into DependencyError."""
    try:
        yield
    except OSError as error:
        if error.errno in _TARGET_GONE:
            raise errors.DependencyError(f"backup target {name}", str(error)) from error
        raise


def copy(
    source_fd: int, target: RootFolder, paths: Sequence[str], file_hash: str, *, is_ours: bool
) -> str:
    """Return the first of the paths where the content now lies, verified; copies it if needed.

    A path that holds this content already is adopted, one that holds another is passed over; but
    `is_ours` says that this asset's copy belongs at the first, as it does at the others, which
    carry its id: then other bytes are put aside.

    Raises:
        ContentDiffersError: The source has another content; nothing was published.
        CopyDiffersError: What was written is not what is read back.
        DependencyError: The target is too full.
    """
    for number, path in enumerate(paths):
        if _holds(target, path, file_hash):
            return path
        try:
            _copy_to(source_fd, target, path, file_hash, is_ours=is_ours or number > 0)
        except publish.NameTakenError:
            if _holds(target, path, file_hash):
                return path
            continue
        if hash_from_medium(target, path) != file_hash:
            raise CopyDiffersError(f"{path} on {target.known.path} is not what was written")
        return path
    raise errors.TransientError(f"{paths[-1]} on {target.known.path} has another content")


def hash_from_medium(target: RootFolder, path: str) -> str | None:
    """Return the hash of what is on the medium at a path, not in memory; None if nothing is."""
    try:
        descriptor = target.open_file(os.fsencode(path))
    except FileNotFoundError:
        return None
    try:
        return hash_of_medium(descriptor)
    finally:
        os.close(descriptor)


def hash_of_medium(descriptor: int) -> str:
    """Return the hash of what is on the medium, not in memory, of an open file."""
    _forget_pages(descriptor)
    return publish.hash_of(descriptor, hashlib.sha256())[0]


def follow_record(originals: RootFolder, target: RootFolder, path: bytes) -> None:
    """Copy a folder's record, which is only appended to, over an older copy of it.

    A record begun anew (its folder was emptied once) does not replace the older one: lines that
    only the copy has stay, before those of the record.
    """
    record = _content_of(originals, path, or_only=_BEGINNING)
    if not record:
        return
    kept = _kept(target, path, or_only=_BEGINNING)
    if record[: len(kept)] == kept[: len(record)]:  # one is the beginning of the other
        if _size_of(originals, path) > _size_of(target, path):
            _replace(target, path, _content_of(originals, path))
        return
    record, kept = _content_of(originals, path), _kept(target, path)
    told = set(record.splitlines())
    older = [line for line in kept.splitlines() if line not in told]
    merged = b"".join(line + b"\n" for line in older) + record
    if merged != kept:
        _replace(target, path, merged)


def _replace(target: RootFolder, path: bytes, content: bytes) -> None:
    temporary = f"{TEMPORARY_PREFIX}{uuid4().hex}".encode()
    descriptor = publish.create_temporary(target.temporary_fd, temporary)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            publish.sync_file(file.fileno())
        with _parent(target, path) as at:
            publish.replace(target.temporary_fd, temporary, *at)
    finally:
        publish.discard_temporary(target.temporary_fd, temporary)


def _kept(target: RootFolder, path: bytes, or_only: int = -1) -> bytes:
    """The bytes of a record's copy; one that the medium does not give back goes aside."""
    try:
        faults.point("backup.record")
        return _content_of(target, path, or_only)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        with _parent(target, path) as (folder_fd, name):
            aside.set_aside(target.fd, folder_fd, name)
        return b""


def _content_of(root: RootFolder, path: bytes, or_only: int = -1) -> bytes:
    """The bytes of a file, or its first ones; none if it is not there."""
    try:
        descriptor = root.open_file(path)
    except FileNotFoundError:
        return b""
    with open(descriptor, "rb") as file:
        return file.read(or_only)


def _holds(target: RootFolder, path: str, file_hash: str) -> bool:
    """Whether the content is durably at a path."""
    try:
        descriptor = target.open_file(os.fsencode(path))
    except FileNotFoundError:
        return False
    try:
        publish.sync_file(descriptor)
    finally:
        os.close(descriptor)
    return hash_from_medium(target, path) == file_hash


def _copy_to(
    source_fd: int, target: RootFolder, path: str, file_hash: str, *, is_ours: bool
) -> None:
    size_bytes = os.fstat(source_fd).st_size
    disk_space.check(target.fd, disk_space.Purpose.BACKUP, needed_bytes=size_bytes)
    with _temporary_copy(source_fd, target) as (temporary, found):
        if found != file_hash:
            raise ContentDiffersError(f"its content is {found}, {file_hash} was filed")
        with _parent(target, os.fsencode(path)) as (folder_fd, name):
            if is_ours:
                with contextlib.suppress(FileNotFoundError):
                    aside.set_aside(target.fd, folder_fd, name)
            publish.publish(target.temporary_fd, temporary, folder_fd, name)


@contextlib.contextmanager
def _temporary_copy(source_fd: int, target: RootFolder) -> Iterator[tuple[bytes, str]]:
    """Give the name of a synced copy below the target's temporary folder, and its hash."""
    temporary = f"{TEMPORARY_PREFIX}{uuid4().hex}".encode()
    descriptor = publish.create_temporary(target.temporary_fd, temporary)
    try:
        try:
            found, _ = publish.copy_into(source_fd, descriptor, hashlib.sha256())
            source = os.fstat(source_fd)
            os.utime(descriptor, ns=(source.st_atime_ns, source.st_mtime_ns))
            faults.point("backup.fsync")
            publish.sync_file(descriptor)
            _forget_pages(descriptor)
        finally:
            os.close(descriptor)
        yield temporary, found
    finally:
        publish.discard_temporary(target.temporary_fd, temporary)


@contextlib.contextmanager
def _parent(target: RootFolder, path: bytes) -> Iterator[tuple[int, bytes]]:
    folder, name = os.path.split(path)
    folder_fd = target.ensure_folders(folder)
    try:
        yield folder_fd, name
    finally:
        os.close(folder_fd)


def _size_of(target: RootFolder, path: bytes) -> int:
    try:
        descriptor = target.open_file(path)
    except FileNotFoundError:
        return -1
    try:
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _forget_pages(descriptor: int) -> None:
    """Let the next read come from the medium; pages that are not synced yet stay."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    elif _F_NOCACHE is not None:
        fcntl.fcntl(descriptor, _F_NOCACHE, 1)
