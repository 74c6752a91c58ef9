"""Renditions on the disk, below the marked root of the derivatives."""

import os
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from shared.disk import disk_space, publish
from shared.disk.root_folder import KnownRoot, RootFolder
from thumbnailer.domain import renditions
from thumbnailer.domain.renditions import Rendition

_PREFIX = "rendition-"
_LEFT_OVER_S = 3600


def store(root: KnownRoot, asset_id: UUID, made: Sequence[Rendition]) -> None:
    """Write the renditions of an asset to their paths, over older ones.

    A reader sees an old or a new file, never half of one. Nothing is synced: after a power cut
    a rendition may be missing or empty, and can be made again from its original.

    Raises DependencyError when the root is not there or too full.
    """
    size_bytes = sum(len(each.content) for each in made)
    with root.open() as folder:
        disk_space.check(folder.fd, disk_space.Purpose.THUMBNAILS, needed_bytes=size_bytes)
        for each in made:
            path = os.fsencode(renditions.relative_path(asset_id, each.kind))
            _write(folder, path, each.content)


def tidy(root: KnownRoot, *, now: datetime) -> None:
    """Remove what a killed thumbnailer left half-written an hour ago or earlier."""
    oldest_kept_s = now.timestamp() - _LEFT_OVER_S
    with root.open() as folder, os.scandir(folder.temporary_fd) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.stat().st_mtime < oldest_kept_s:
                publish.discard_temporary(folder.temporary_fd, os.fsencode(entry.name))


def _write(folder: RootFolder, path: bytes, content: bytes) -> None:
    temporary = f"{_PREFIX}{uuid4().hex}".encode()
    descriptor = publish.create_temporary(folder.temporary_fd, temporary)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        parent, name = os.path.split(path)
        parent_fd = folder.ensure_folders(parent)
        try:
            os.rename(temporary, name, src_dir_fd=folder.temporary_fd, dst_dir_fd=parent_fd)
        finally:
            os.close(parent_fd)
    except OSError:
        publish.discard_temporary(folder.temporary_fd, temporary)
        raise
