"""The data folder: what lies where, whose it is, and who may use it now."""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.errors import UserError

MARK = ".photofactory-data.json"
"""Says that a folder is a data folder; written first, so an interrupted start is recognised."""
FORMAT = 1
HARMLESS = {".DS_Store", ".stfolder", ".stignore", "lost+found", "Thumbs.db", "desktop.ini"}
"""What an otherwise empty folder may hold."""
NEEDED_FREE_BYTES = 200 * 2**20


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The layout below one folder."""

    path: Path

    @property
    def inbox(self) -> Path:
        """The factory's own inbox, in move mode."""
        return self.path / "Photos_Inbox"

    @property
    def originals(self) -> Path:
        """The managed originals in dated folders."""
        return self.path / "Storage/Originals"

    @property
    def derivatives(self) -> Path:
        """Thumbnails and previews; they can be made again."""
        return self.path / "Storage/Derivatives"

    @property
    def backup(self) -> Path:
        """The first backup target, on the same disk."""
        return self.path / "Backup"

    @property
    def run(self) -> Path:
        """What concerns the running suite only; private."""
        return self.path / "run"

    @property
    def database(self) -> Path:
        """The embedded database."""
        return self.path / "database"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.path / "logs"

    @property
    def exists(self) -> bool:
        """Whether a suite has used this folder before."""
        return (self.path / MARK).exists()


@contextmanager
def claim(folder: DataFolder, purpose: str) -> Iterator[None]:
    """Hold ``folder`` for this process alone, made usable if it was empty; until the block ends.

    Raises UserError for a folder that is in use, foreign, full, or may not be written.
    """
    with _explained(folder.path):
        _check_or_mark(folder)
        _check_space(folder.path)
        folder.run.mkdir(mode=0o700, exist_ok=True)
        for path in (folder.logs, folder.database):
            path.mkdir(exist_ok=True)
        descriptor = os.open(folder.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, folder)
        with _explained(folder.path):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{purpose} (process {os.getpid()})".encode())
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(folder: DataFolder) -> str | None:
    """Return what uses the folder at present ("up (process 4711)"), None if nothing does."""
    try:
        descriptor = os.open(folder.run / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except PermissionError:
        return f"another user ({folder.run.owner()})"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, 200).decode(errors="replace") or "another process"
    finally:
        os.close(descriptor)
    return None


def _lock(descriptor: int, folder: DataFolder) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        user = os.read(descriptor, 200).decode(errors="replace") or "another process"
        raise UserError(
            f"{folder.path} is in use by photofactory {user}",
            "stop that first (Ctrl-C in its window), or choose another folder with --data",
        ) from None


def _check_or_mark(folder: DataFolder) -> None:
    """Accept a folder with our mark; mark one that is new or empty; refuse every other."""
    if folder.exists:
        _check_format(folder.path / MARK)
        return
    folder.path.mkdir(parents=True, exist_ok=True)
    found = {entry for entry in os.listdir(folder.path) if entry not in HARMLESS}
    if found and not is_from_a_factory(folder):
        raise UserError(
            f"{folder.path} holds other things ({min(found)} …), it is not a data folder",
            "choose an empty or a new folder with --data; photos come in with --inbox or ingest",
        )
    unfinished = folder.path / f"{MARK}.new"
    unfinished.write_text(json.dumps({"format": FORMAT}) + "\n")
    unfinished.rename(folder.path / MARK)


def is_from_a_factory(folder: DataFolder) -> bool:
    """Return whether roots of a ledger lie here: its data folder, restored without the mark."""
    return any((root / ".photofactory").is_dir() for root in (folder.originals, folder.backup))


def refuse_without_database(folder: DataFolder) -> None:
    """Raise UserError for a folder whose ledger is lost: an empty one would say "no photos"."""
    if not (folder.database / "pgdata").exists() and is_from_a_factory(folder):
        raise UserError(
            f"{folder.path} holds photos, but no database",
            "put its copy back, or let ./photofactory rebuild make it anew from the originals",
        )


def _check_format(mark: Path) -> None:
    try:
        written = json.loads(mark.read_text())["format"]
    except (ValueError, KeyError, TypeError):
        written = None
    if written != FORMAT:
        raise UserError(
            f"{mark.parent} belongs to another version of Photo Factory (format {written})",
            "use the version that made it, or another folder with --data",
        )


def _check_space(path: Path) -> None:
    free_bytes = shutil.disk_usage(path).free
    if free_bytes < NEEDED_FREE_BYTES:
        raise UserError(
            f"the disk of {path} is full ({free_bytes >> 20} MB free)",
            f"free at least {NEEDED_FREE_BYTES >> 20} MB, or choose another disk with --data",
        )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line with a way out."""
    try:
        yield
    except OSError as error:
        reasons = {
            **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "the disk is full"),
            **dict.fromkeys((errno.EACCES, errno.EPERM), "no permission to write there"),
            **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "it is not a folder"),
            errno.EROFS: "it is read-only",
        }
        reason = reasons.get(error.errno or 0, error.strerror)
        raise UserError(
            f"{path} cannot be used: {reason}", "choose another folder with --data"
        ) from error
