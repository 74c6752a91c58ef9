"""What identifies a root: our marker inside it, or, where we may not write, the folder itself.

A root that we may write holds the folder ``.photofactory`` with
- ``root.json``: ``{"root_id", "ledger_id", "role"}``, written once and never changed;
- ``tmp/``: temporary files, the only place where recovery may delete;
- ``high-water.json``: how far the ledger's log had come when it was last written, so that a ledger
  restored from an old dump is recognised.
"""

import contextlib
import json
import os
import secrets
import stat
from dataclasses import dataclass
from uuid import UUID

from shared import errors, faults
from shared.disk import folders, publish

OWN_FOLDER = b".photofactory"
TEMPORARY_FOLDER = b".photofactory/tmp"
_MARKER = b"root.json"
_HIGH_WATER = b"high-water.json"
_SYNCTHING_FOLDER = b".stfolder"
_MAXIMUM_BYTES = 64 * 1024


class MarkerUnreadableError(errors.DependencyError):
    """There is a marker, but it says nothing that we understand."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What ``root.json`` says."""

    root_id: UUID
    ledger_id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class HighWater:
    """A position that the ledger's log had reached; ``log_id`` is ``event_log.id``."""

    ledger_id: UUID
    epoch: int
    log_id: int

    def is_above(self, last_log_id: int) -> bool:
        """True if a ledger whose newest event is ``last_log_id`` is older than this disk.

        The epoch does not count: a restored dump has a higher one and a shorter log.
        """
        return self.log_id > last_log_id


def read_marker(root_fd: int) -> Marker | None:
    """The marker of an open folder, None if it has none; raises MarkerUnreadableError."""
    content = _read(root_fd, _MARKER)
    if content is None:
        return None
    try:
        return Marker(
            UUID(str(content["root_id"])), UUID(str(content["ledger_id"])), str(content["role"])
        )
    except (KeyError, ValueError) as error:
        raise MarkerUnreadableError("root", f"its marker is damaged: {error!r}") from error


def read_marker_at(path: str) -> Marker | None:
    """The marker of the folder at ``path``; None if there is none, or no folder."""
    try:
        fd = folders.open_root(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return read_marker(fd)
    finally:
        os.close(fd)


def write_marker(root_fd: int, marker: Marker) -> None:
    """Marks an open folder, durably; raises publish.NameTakenError if it is marked already."""
    content: dict[str, object] = {
        "root_id": str(marker.root_id),
        "ledger_id": str(marker.ledger_id),
        "role": marker.role,
    }
    os.close(folders.ensure_folders(root_fd, TEMPORARY_FOLDER))
    _write(root_fd, _MARKER, content, may_replace=False)


def read_high_water(root_fd: int) -> HighWater | None:
    """The recorded position, None if there is none; raises MarkerUnreadableError."""
    content = _read(root_fd, _HIGH_WATER)
    if content is None:
        return None
    try:
        return HighWater(
            UUID(str(content["ledger_id"])),
            int(str(content["epoch"])),
            int(str(content["log_id"])),
        )
    except (KeyError, ValueError) as error:
        raise MarkerUnreadableError("root", f"its high-water file is damaged: {error!r}") from error


def write_high_water(root_fd: int, position: HighWater, *, temporary: bytes | None = None) -> None:
    """Replaces the recorded position, durably.

    ``temporary``: a name by which others recognise what a killed process left of it.
    """
    content: dict[str, object] = {
        "ledger_id": str(position.ledger_id),
        "epoch": position.epoch,
        "log_id": position.log_id,
    }
    _write(root_fd, _HIGH_WATER, content, may_replace=True, temporary=temporary)


def foreign_key(root_fd: int) -> str:
    """The identity of a folder without a marker: file-system id, inode, Syncthing's own marker.

    ``fs:<id>:<inode>`` with ``:stfolder`` where Syncthing keeps one.
    """
    key = f"fs:{os.statvfs(root_fd).f_fsid:x}:{os.fstat(root_fd).st_ino}"
    return f"{key}:stfolder" if _has_syncthing_folder(root_fd) else key


def is_same_foreign(known_key: str, found_key: str) -> bool:
    """True if the folder found is the one known.

    Syncthing may add its marker later, but where it was it has to be. Its presence also stands in
    for the file-system id, which some systems change at a restart.
    """
    known, found = known_key.split(":"), found_key.split(":")
    if "stfolder" in known:
        return "stfolder" in found and known[2] == found[2]
    return known[:3] == found[:3]


def _has_syncthing_folder(root_fd: int) -> bool:
    try:
        found = os.stat(_SYNCTHING_FOLDER, dir_fd=root_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode)


def _read(root_fd: int, name: bytes) -> dict[str, object] | None:
    try:
        fd = folders.open_file(root_fd, OWN_FOLDER + b"/" + name)
    except FileNotFoundError:
        return None
    except folders.UnusablePathError as error:
        raise MarkerUnreadableError("root", str(error)) from error
    try:
        content = json.loads(os.read(fd, _MAXIMUM_BYTES))
    except ValueError as error:
        raise MarkerUnreadableError("root", f"{name.decode()} is not JSON") from error
    finally:
        os.close(fd)
    if not isinstance(content, dict):
        raise MarkerUnreadableError("root", f"{name.decode()} is not a JSON object")
    return content


def _write(
    root_fd: int,
    name: bytes,
    content: dict[str, object],
    *,
    may_replace: bool,
    temporary: bytes | None = None,
) -> None:
    temporary = temporary or name + b"." + secrets.token_hex(4).encode()
    with contextlib.ExitStack() as opened:
        own_fd = folders.open_folder(root_fd, OWN_FOLDER)
        opened.callback(os.close, own_fd)
        temporary_fd = folders.open_folder(root_fd, TEMPORARY_FOLDER)
        opened.callback(os.close, temporary_fd)
        opened.callback(publish.discard_temporary, temporary_fd, temporary)
        fd = publish.create_temporary(temporary_fd, temporary)
        with open(fd, "wb") as file:
            file.write(json.dumps(content, indent=1).encode() + b"\n")
            file.flush()
            publish.sync_file(file.fileno())
        faults.point("markers.written")
        give = publish.replace if may_replace else publish.publish
        give(temporary_fd, temporary, own_fd, name)
