"""The records that the librarian keeps in each folder of originals (docs/records.md)."""

import os
from typing import Final

from backup import copying
from shared.disk.root_folder import RootFolder

NAME: Final = b".photofactory.jsonl"
_OURS: Final = b".photofactory"


def follow(originals: RootFolder, target: RootFolder) -> None:
    """Copy every record that grew since it was copied: later decisions come without a photo."""
    for folder, folders, files, _ in os.fwalk(b".", dir_fd=originals.fd):
        folders[:] = [each for each in folders if each != _OURS]
        if NAME in files:
            path = os.path.normpath(os.path.join(folder, NAME))
            copying.follow_record(originals, target, path)
