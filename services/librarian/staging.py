"""The first step: one pass over a source's bytes, hashed while they are copied beside Originals.

A file is staged only if nobody could have written it meanwhile: fstat before and after agree, and
no other program has it open for writing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import os
import signal
from typing import Final

from librarian import arrivals
from librarian.arrivals import Claimed, Outcome
from librarian.domain import companions, content_type
from librarian.domain.companions import CompanionKind
from librarian.formats import sidecars
from librarian.originals import Originals
from shared import errors, faults
from shared.disk import folders, publish

# A read lease is refused with EAGAIN while somebody has the file open for writing (fcntl(2)).
_NO_LEASES: Final = {errno.EACCES, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
# A lease is broken by a signal; this one is ignored by default, SIGIO would end the process.
_HARMLESS: Final = signal.SIGURG


SIDECAR: Final = content_type.ContentType("sidecar", "application/octet-stream", ())
"""The kind of a file that is filed beside its photo."""


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """What tells one state of one file from every other, within one filing."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, seen: os.stat_result) -> Identity:
        """The identity of an fstat."""
        mtime_ns = arrivals.mtime_ns_of(seen)
        return cls(seen.st_dev, seen.st_ino, seen.st_size, mtime_ns, seen.st_ctime_ns)

    def with_ctime_of(self, other: Identity) -> Identity:
        """The same, blind to ctime (which a rename or a link changes)."""
        return dataclasses.replace(self, ctime_ns=other.ctime_ns)


@dataclasses.dataclass(frozen=True, slots=True)
class Staged:
    """A complete copy of a source in the temporary folder; not yet synced."""

    claimed: Claimed
    identity: Identity
    temporary: bytes
    file_hash: str
    size_bytes: int
    kind: content_type.ContentType
    companion: CompanionKind | None = None


def stage(claimed: Claimed, source_fd: int, originals: Originals) -> Staged | Outcome:
    """The staged copy, or what became of the file instead.

    Raises:
        DependencyError: The copy could not be written.
    """
    try:
        descriptor = folders.open_file(source_fd, claimed.found.path)
    except FileNotFoundError:
        return outcome(claimed, "vanished", "it was gone when it was to be read")
    except errors.PermanentError as error:
        return outcome(claimed, "ignored", "not a regular file", str(error))
    except OSError as error:
        return outcome(claimed, "failed", "unreadable", str(error))
    try:
        return _stage_open(claimed, descriptor, originals)
    except (UnreadableError, OSError) as error:
        return outcome(claimed, "failed", "unreadable", str(error))
    finally:
        os.close(descriptor)


def outcome(
    claimed: Claimed, what: str | None, reason: str | None, detail: str | None = None
) -> Outcome:
    """What became of a claimed file that is not filed."""
    return Outcome(claimed.file_id, claimed.found.path, what, reason, detail)


def _stage_open(claimed: Claimed, descriptor: int, originals: Originals) -> Staged | Outcome:
    before = Identity.of(os.fstat(descriptor))
    kind, companion = _kinds(claimed, descriptor)
    if refusal := _refusal(claimed, before, descriptor):
        return refusal
    if companion is CompanionKind.TAKEOUT_ALBUM:
        return outcome(claimed, "ignored", "takeout album", "it speaks of no photo")
    if kind is None:
        return outcome(claimed, "quarantined", *companions.why_not(_name(claimed)))
    temporary, file_hash, size_bytes = _copy(descriptor, originals, before.mtime_ns)
    after = Identity.of(os.fstat(descriptor))
    if after != before or size_bytes != before.size or is_open_for_writing(descriptor):
        originals.discard(temporary)
        return outcome(claimed, None, arrivals.CHANGED)
    faults.point("stage.staged")
    return Staged(claimed, after, temporary, file_hash, size_bytes, kind, companion)


def _kinds(
    claimed: Claimed, descriptor: int
) -> tuple[content_type.ContentType | None, CompanionKind | None]:
    """The kind of the content, and of companion if it is one."""
    head = os.pread(descriptor, content_type.HEAD_BYTES, 0)
    name = _name(claimed)
    kind = content_type.detect(head)
    if kind is not None:
        return kind, None
    companion = sidecars.kind_of(name, descriptor)
    return (SIDECAR if companion else None), companion


def _name(claimed: Claimed) -> str:
    return os.fsdecode(claimed.found.path.rpartition(b"/")[2])


def _refusal(claimed: Claimed, seen: Identity, descriptor: int) -> Outcome | None:
    found = claimed.found
    if (seen.inode, seen.size, seen.mtime_ns) != (found.inode, found.size, found.mtime_ns):
        return outcome(claimed, None, arrivals.CHANGED)
    if seen.size == 0:
        return outcome(claimed, "quarantined", "empty", "the file has no bytes")
    if is_open_for_writing(descriptor):
        return outcome(claimed, None, arrivals.OPEN)
    return None


class UnreadableError(errors.TransientError):
    """The source's bytes could not be read (EIO, ESTALE ...)."""


def _copy(descriptor: int, originals: Originals, mtime_ns: int) -> tuple[bytes, str, int]:
    """Name, hash and size of a new temporary file with the source's bytes and mtime."""
    name = originals.new_temporary_name()
    try:
        target = publish.create_temporary(originals.temporary_fd, name)
        try:
            faults.point("stage.copy")
            file_hash, size_bytes = publish.copy_into(descriptor, target, hashlib.sha256())
            os.utime(target, ns=(mtime_ns, mtime_ns))
        finally:
            os.close(target)
    except OSError as error:
        with contextlib.suppress(OSError):  # what broke the copy may refuse this too
            originals.discard(name)
        _blame_source(descriptor)
        raise errors.DependencyError("originals", f"cannot copy: {error}") from error
    return name, file_hash, size_bytes


def _blame_source(descriptor: int) -> None:
    """Raise UnreadableError if the source alone explains why it could not be copied."""
    try:
        faults.point("stage.read_again")
        publish.hash_of(descriptor, hashlib.sha256())
    except OSError as error:
        raise UnreadableError(str(error)) from error


def is_open_for_writing(descriptor: int) -> bool:
    """Whether some program has the file open for writing; False where leases do not work."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, _HARMLESS)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        if error.errno in _NO_LEASES:
            return False
        if error.errno == errno.EAGAIN:
            return True
        raise
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False
