"""A root on disk: recognising it, marking it once, opening it for work.

Whoever works below a root opens it here. The descriptor is opened together with the check of its
identity; every path below is resolved from it, so that work which began on the right disk stays
there, or fails, when that disk goes away.
"""

import contextlib
import errno
import os
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from shared import errors
from shared.disk import folders, publish, root_markers, root_probe
from shared.disk.root_markers import Marker

_GONE = {errno.ENOENT, errno.ENOTDIR, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE,
    errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT, errno.EACCES}  # fmt: skip

_EMPTY = {".photofactory", ".DS_Store", ".stfolder", ".stignore", "lost+found"}


class RootOfflineError(errors.DependencyError):
    """The root is not there: no folder, or not the one we know. It may come back by itself."""


class RootFrozenError(errors.DependencyError):
    """The root is there and must not be changed until a person has looked at it."""


class RootOfAnotherLedgerError(RootFrozenError):
    """The root carries the marker of another ledger; ``marker`` says of which."""

    def __init__(self, path: str, marker: Marker) -> None:
        super().__init__(
            f"root {path}", f"is marked by another ledger ({marker.ledger_id}, {marker.role})"
        )
        self.marker = marker


@dataclass(frozen=True, slots=True)
class KnownRoot:
    """What we know of a root: ``key`` is its root id, or the identity of a foreign folder.

    ``ledger_id`` is None exactly for foreign roots. ``frozen_reason`` forbids writing, not reading.
    """

    id: UUID
    path: str
    key: str
    ledger_id: UUID | None = None
    frozen_reason: str | None = None

    def open(self, *, is_for_writing: bool = True) -> "RootFolder":
        """The opened root, the caller's to close; checks that it is the one we know.

        Raises RootOfflineError, RootFrozenError, RootOfAnotherLedgerError (all DependencyErrors).
        """
        if is_for_writing and self.frozen_reason:
            raise RootFrozenError(f"root {self.path}", f"is frozen: {self.frozen_reason}")
        try:
            fd = folders.open_root(self.path)
        except OSError as error:
            raise RootOfflineError(f"root {self.path}", str(error)) from error
        try:
            self._check_identity(fd)
            return RootFolder(self, fd)
        except OSError as error:
            os.close(fd)
            if error.errno in _GONE:
                raise RootOfflineError(f"root {self.path}", str(error)) from error
            raise
        except BaseException:
            os.close(fd)
            raise

    def _check_identity(self, fd: int) -> None:
        if self.ledger_id is None:
            found = root_markers.foreign_key(fd)
            if not root_markers.is_same_foreign(self.key, found):
                lost = root_markers.is_same_foreign(found, self.key)  # all but Syncthing's marker
                what = "has lost its .stfolder" if lost else "is another folder than before"
                raise RootOfflineError(f"root {self.path}", f"{what}; is the disk mounted?")
            return
        try:
            marker = root_markers.read_marker(fd)
        except root_markers.MarkerUnreadableError as error:
            raise RootFrozenError(f"root {self.path}", str(error)) from error
        if marker is None:
            raise RootOfflineError(f"root {self.path}", "has no marker; is the disk mounted?")
        if marker.ledger_id != self.ledger_id:
            raise RootOfAnotherLedgerError(self.path, marker)
        if str(marker.root_id) != self.key:
            raise RootFrozenError(
                f"root {self.path}", f"is another root ({marker.role} {marker.root_id})"
            )


class RootFolder:
    """An opened root; a context manager. All paths are bytes relative to it."""

    def __init__(self, known: KnownRoot, fd: int) -> None:
        """Takes over ``fd``; made by KnownRoot.open."""
        self.known = known
        self.fd = fd
        self._temporary_fd = -1

    @property
    def temporary_fd(self) -> int:
        """The open ``.photofactory/tmp`` of a marked root; closed with the root."""
        if self.known.ledger_id is None:
            raise RootFrozenError(f"root {self.known.path}", "is not ours to write into")
        if self._temporary_fd < 0:
            self._temporary_fd = folders.ensure_folders(self.fd, root_markers.TEMPORARY_FOLDER)
        return self._temporary_fd

    def open_file(self, relative: bytes) -> int:
        """See folders.open_file."""
        return folders.open_file(self.fd, relative)

    def open_folder(self, relative: bytes) -> int:
        """See folders.open_folder."""
        return folders.open_folder(self.fd, relative)

    def ensure_folders(self, relative: bytes) -> int:
        """See folders.ensure_folders."""
        return folders.ensure_folders(self.fd, relative)

    def close(self) -> None:
        """Closes the root's descriptors; closing twice is fine."""
        for fd in (self.fd, self._temporary_fd):
            if fd >= 0:
                os.close(fd)
        self.fd = self._temporary_fd = -1

    def __enter__(self) -> Self:
        """The root itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it."""
        self.close()


@dataclass(frozen=True, slots=True)
class NewRoot:
    """A root on disk that the ledger does not know yet."""

    known: KnownRoot
    capabilities: root_probe.Capabilities | None


def mark(path: str, role: str, ledger_id: UUID, *, must_be_empty: bool = False) -> NewRoot:
    """Makes a folder a root that we may write, by its marker; makes the folder if it is missing.

    For an explicit add, and with ``must_be_empty`` for the run that created the ledger. Never for
    a root that the ledger knows: its missing marker means a missing disk. A folder that this
    ledger has marked before is taken as it is.

    Raises UserError: marked by another ledger, not empty, no way to publish files.
    """
    fd = _open_or_make(_absolute(path))
    try:
        marker = root_markers.read_marker(fd)
        if marker is None:
            if must_be_empty and not _EMPTY.issuperset(os.listdir(fd)):
                raise errors.UserError(f"{path} is not empty", "add it explicitly, or empty it")
            marker = Marker(uuid4(), ledger_id, role)
            _mark(fd, path, marker)
        elif marker.ledger_id != ledger_id:
            raise errors.UserError(
                f"{path} belongs to another ledger ({marker.ledger_id})",
                "is the data disk mounted? `rebuild` recreates a lost ledger from its roots",
            )
        elif marker.role != role:
            raise errors.UserError(
                f"{path} is already used for {marker.role}", "choose another folder"
            )
        capabilities = _probe(fd)
    finally:
        os.close(fd)
    known = KnownRoot(marker.root_id, _absolute(path), str(marker.root_id), ledger_id)
    return NewRoot(known, capabilities)


def recognise(path: str) -> NewRoot:
    """A foreign folder (source, inbox in copy mode) as a root; nothing is written into it.

    Raises UserError if it is no folder that we can read.
    """
    try:
        fd = folders.open_root(_absolute(path))
    except OSError as error:
        raise errors.UserError(f"{path}: {error.strerror}", "name a folder") from error
    try:
        key = root_markers.foreign_key(fd)
    finally:
        os.close(fd)
    return NewRoot(KnownRoot(uuid4(), _absolute(path), key), None)


def mark_again(known: KnownRoot, role: str) -> None:
    """Gives a known root whose marker was lost its marker back: for ``reconcile --adopt`` alone.

    Raises RootOfflineError without a folder, publish.NameTakenError if there is a marker.
    """
    if known.ledger_id is None:
        raise ValueError(f"root {known.path} is foreign and has no marker")
    try:
        fd = folders.open_root(known.path)
    except OSError as error:
        raise RootOfflineError(f"root {known.path}", str(error)) from error
    try:
        root_markers.write_marker(fd, Marker(known.id, known.ledger_id, role))
    finally:
        os.close(fd)


def _absolute(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise errors.UserError(f"{path!r} is not UTF-8", "rename the folder") from error
    return os.path.realpath(path)


def _open_or_make(path: str) -> int:
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(path)
        return folders.open_root(path)
    except OSError as error:
        raise errors.UserError(f"{path}: {error.strerror}", "make its folder first") from error


def _mark(fd: int, path: str, marker: Marker) -> None:
    try:
        root_markers.write_marker(fd, marker)
    except (OSError, publish.AcrossMountsError) as error:
        raise errors.UserError(f"{path} cannot be written: {error}", "choose another") from error


def _probe(fd: int) -> root_probe.Capabilities:
    temporary_fd = folders.ensure_folders(fd, root_markers.TEMPORARY_FOLDER)
    try:
        capabilities = root_probe.probe(temporary_fd)
    finally:
        os.close(temporary_fd)
    if not capabilities.can_publish:
        raise errors.UserError(
            "this file system cannot give a file its name without replacing another",
            "choose a folder on another disk",
        )
    return capabilities
