"""A hint that something happened in an inbox: watchdog where it can watch, polling elsewhere.

Events are lost in bulk drops and never come from other hosts, so they only wake the scan, which
is the truth. Nothing is ever decided by an event.
"""

from __future__ import annotations

import os
import threading
from typing import Final, Protocol

from watchdog import events

from librarian import observing

CHANGES: Final[list[type[events.FileSystemEvent]]] = [
    events.FileCreatedEvent,
    events.FileModifiedEvent,
    events.FileMovedEvent,
    events.FileClosedEvent,
    events.DirCreatedEvent,
    events.DirMovedEvent,
]
"""Reading a file is no change: filing in copy mode would wake the scan for ever."""

NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"9p", "afs", "ceph", "cifs", "fuse.rclone", "fuse.sshfs", "ncpfs", "nfs", "nfs4", "smb3",
     "smbfs", "virtiofs", "vboxsf", "fuse.glusterfs", "davfs", "fuse.davfs2"}
)  # fmt: skip


class Watcher(Protocol):
    """Something that sets its signals when an inbox may have changed."""

    @property
    def reason(self) -> str | None:
        """Why nothing, or not all, is watched, so that scans alone find what arrives."""
        ...

    def close(self) -> None:
        """End the watching."""
        ...


class Polling:
    """No watching at all: the periodic scan alone finds what arrived."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def close(self) -> None:
        """Do nothing."""


class Native(events.FileSystemEventHandler):
    """The operating system tells of changes; every one sets the signals."""

    def __init__(self, path: str, *signals: threading.Event) -> None:
        self._signals = signals
        self._observer = observing.Observer()
        self._observer.schedule(self, path, recursive=True, event_filter=CHANGES)
        try:
            self._observer.start()
        except OSError:
            self._observer.on_thread_stop()
            raise

    @property
    def reason(self) -> str | None:
        """Why a folder is not watched; the others still are."""
        error = self._observer.refusal
        return refusal(error) if error else None

    def on_any_event(self, event: events.FileSystemEvent) -> None:
        """Set the signals."""
        del event
        for signal in self._signals:
            signal.set()

    def close(self) -> None:
        """End the watching and its threads."""
        self._observer.stop()
        self._observer.join(5)


def watch(path: str, *signals: threading.Event) -> Watcher:
    """Return a watcher of ``path`` that sets ``signals``: native where that works, else polling."""
    if is_remote(path):
        return Polling(f"{file_system_of(path)} does not tell of changes made by other hosts")
    try:
        return Native(path, *signals)
    except OSError as error:
        return Polling(refusal(error))


def refusal(error: OSError) -> str:
    """Return the reason of one who was not allowed to watch."""
    return f"the system refused to watch: {error.strerror or error}"


def is_remote(path: str) -> bool:
    """Return whether ``path`` is on a file system that other hosts may write to."""
    return file_system_of(path) in NETWORK_FILE_SYSTEMS


def file_system_of(path: str, mounts: str = "/proc/self/mounts") -> str | None:
    """Return the type of the file system that holds ``path``; None where nothing tells."""
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as table:
            rows = [line.split(" ") for line in table]
    except OSError:
        return None
    real = os.path.realpath(path)
    points = [(unescape(row[1]), row[2]) for row in rows if len(row) > 2]
    inside = [(point, kind) for point, kind in points if is_inside(real, point)]
    return max(inside, key=lambda each: len(each[0]))[1] if inside else None


def is_inside(path: str, folder: str) -> bool:
    """Return whether ``path`` is ``folder`` or below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def unescape(field: str) -> str:
    r"""Return a field of /proc/mounts with its octal escapes (``\040`` is a space) resolved."""
    for code in ("\\040", "\\011", "\\012", "\\134"):
        field = field.replace(code, chr(int(code[1:], 8)))
    return field
