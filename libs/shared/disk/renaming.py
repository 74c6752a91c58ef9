"""Renaming without clobbering: renameat2(2) on Linux, renameatx_np(2) on macOS."""

import ctypes
import errno
import os
import sys

_RENAME_NOREPLACE = 1  # linux/fs.h
_RENAME_EXCL = 4  # macOS sys/stdio.h
UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What a system or a file system answers that cannot rename like this."""


def rename_no_replace(from_fd: int, from_name: bytes, to_fd: int, to_name: bytes) -> None:
    """Renames an entry of one open folder into another.

    Raises FileExistsError where the target exists, OSError with an errno of ``UNSUPPORTED`` where
    this cannot be done safely, and other OSErrors.
    """
    library = ctypes.CDLL(None, use_errno=True)
    function = getattr(library, "renameatx_np" if sys.platform == "darwin" else "renameat2", None)
    if function is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    flag = _RENAME_EXCL if sys.platform == "darwin" else _RENAME_NOREPLACE
    if function(from_fd, from_name, to_fd, to_name, flag) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), to_name)
