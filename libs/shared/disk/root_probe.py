"""What the file system below a root can do, found out by trying.

Each root is probed once; the answer is stored with it and shown by ``doctor``.
"""

import contextlib
import dataclasses
import errno
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from shared.disk import disk_space, renaming

_ODD_TIME_NS = 1_000_000_001_123_456_789
_STEPS_NS = (1, 100, 1_000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000)
_UNSUPPORTED = {*renaming.UNSUPPORTED, errno.EPERM, errno.EXDEV, errno.EMLINK}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What was found; ``mtime_step_ns`` is the precision of stored times, 0 = times do not stay."""

    hard_link: bool
    no_replace_rename: bool
    exclusive_create: bool
    case_folding: bool
    mtime_step_ns: int
    stable_inodes: bool
    free_bytes: int | None

    @property
    def can_publish(self) -> bool:
        """True if a file can get its name here without replacing another."""
        return self.hard_link or self.no_replace_rename or self.exclusive_create

    def to_json(self) -> dict[str, object]:
        """The value of ``roots.capabilities``."""
        return dataclasses.asdict(self)


def probe(folder_fd: int) -> Capabilities:
    """Tries everything in an open folder that we may write (``.photofactory/tmp``).

    Leaves nothing behind. Raises OSError if not even a file can be made.
    """
    with _scratch_folder(folder_fd) as scratch_fd:
        return Capabilities(
            hard_link=_can_link(scratch_fd),
            no_replace_rename=_can_rename_without_replacing(scratch_fd),
            exclusive_create=_can_create_exclusively(scratch_fd),
            case_folding=_folds_case(scratch_fd),
            mtime_step_ns=_mtime_step_ns(scratch_fd),
            stable_inodes=_keeps_inodes(scratch_fd),
            free_bytes=disk_space.free_bytes(folder_fd),
        )


@contextlib.contextmanager
def _scratch_folder(folder_fd: int) -> Iterator[int]:
    name = b"probe-" + secrets.token_hex(4).encode()
    os.mkdir(name, dir_fd=folder_fd)
    scratch_fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder_fd)
    try:
        yield scratch_fd
    finally:
        for left in os.listdir(scratch_fd):
            os.unlink(left, dir_fd=scratch_fd)
        os.close(scratch_fd)
        os.rmdir(name, dir_fd=folder_fd)


def _create(folder_fd: int, name: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    os.close(os.open(name, flags, 0o600, dir_fd=folder_fd))


def _inode(folder_fd: int, name: bytes) -> int:
    return os.stat(name, dir_fd=folder_fd, follow_symlinks=False).st_ino


def _can_link(folder_fd: int) -> bool:
    _create(folder_fd, b"link-a")
    try:
        os.link(b"link-a", b"link-b", src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return False
        raise
    return _inode(folder_fd, b"link-a") == _inode(folder_fd, b"link-b")


def _can_rename_without_replacing(folder_fd: int) -> bool:
    _create(folder_fd, b"rename-a")
    _create(folder_fd, b"rename-b")
    try:
        renaming.rename_no_replace(folder_fd, b"rename-a", folder_fd, b"rename-c")
        renaming.rename_no_replace(folder_fd, b"rename-c", folder_fd, b"rename-b")
    except FileExistsError:
        return True
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return False
        raise
    return False


def _can_create_exclusively(folder_fd: int) -> bool:
    _create(folder_fd, b"exclusive")
    try:
        _create(folder_fd, b"exclusive")
    except FileExistsError:
        return True
    return False


def _folds_case(folder_fd: int) -> bool:
    _create(folder_fd, b"Case-a")
    try:
        _inode(folder_fd, b"cASE-A")
    except FileNotFoundError:
        return False
    return True


def _mtime_step_ns(folder_fd: int) -> int:
    _create(folder_fd, b"time")
    os.utime(b"time", ns=(_ODD_TIME_NS, _ODD_TIME_NS), dir_fd=folder_fd)
    stored_ns = os.stat(b"time", dir_fd=folder_fd).st_mtime_ns
    for step_ns in _STEPS_NS:
        if abs(_ODD_TIME_NS - stored_ns) < step_ns:
            return step_ns
    return 0


def _keeps_inodes(folder_fd: int) -> bool:
    _create(folder_fd, b"inode-a")
    before = _inode(folder_fd, b"inode-a")
    os.rename(b"inode-a", b"inode-b", src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
    return before == _inode(folder_fd, b"inode-b")
