"""Bytes that stand in a place of ours and are not ours, or cannot be read: kept for a person."""

import os
from typing import Final
from uuid import uuid4

from shared.disk import folders

FOLDER: Final = b".photofactory/damaged"
_KEPT_NAME_BYTES: Final = 200


def set_aside(root_fd: int, folder_fd: int, name: bytes) -> bytes:
    """Moves an entry of an open folder into FOLDER of its root, durably; its path there.

    Its name there ends with the old one, or the end of that; the path is always UTF-8. Raises
    FileNotFoundError if there is no such entry, OSError.
    """
    ending = name[-_KEPT_NAME_BYTES:].decode("utf-8", "ignore").encode()
    kept = uuid4().hex.encode() + b"-" + ending
    aside_fd = folders.ensure_folders(root_fd, FOLDER)
    try:
        os.rename(name, kept, src_dir_fd=folder_fd, dst_dir_fd=aside_fd)  # nobody has this name
        folders.sync_folder(aside_fd)
    finally:
        os.close(aside_fd)
    folders.sync_folder(folder_fd)
    return FOLDER + b"/" + kept
