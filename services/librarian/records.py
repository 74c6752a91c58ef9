"""The record of a dated folder: what cannot be derived from the photos, written beside them.

`.photofactory.jsonl` is append-only: one JSON object a line, each the full state of one asset; the
newest line of an asset wins, a line that is no JSON object (torn by a crash) is skipped.
docs/records.md describes every field; `rebuild` recreates the ledger from these files.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from shared import faults
from shared.disk import folders
from shared.models.assets import LINK_KINDS

NAME: Final = b".photofactory.jsonl"
FORMAT: Final = 1
HOUSEHOLD: Final = "household"

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[^./\0][^/\0]*")
_NO_FILE: Final = {errno.ELOOP, errno.EISDIR, errno.ENXIO}


@dataclasses.dataclass(frozen=True, slots=True)
class Captured:
    """The decided capture time: wall clock, instant, and where both come from."""

    local: datetime | None
    instant: datetime | None
    offset_minutes: int | None
    offset_source: str
    source: str | None
    confidence: str


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """A companion: another asset by its content, or a sidecar file by its name and content."""

    kind: str
    file_hash: str
    name: str | None = None
    size_bytes: int | None = None
    original_name: str | None = None
    original_path: str | None = None
    evidence: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """The facts of one asset; `name` is the file's name in this folder, None once it left it.

    `original_path` begins with `source_path`, the folder of the source. `companions` is what
    sidecars said of the photo, whether they lie beside it or beside another one.
    """

    asset_id: UUID
    file_hash: str
    size_bytes: int
    name: str | None
    original_name: str
    original_path: str
    source: str
    mtime_ns: int
    arrived_at: datetime
    ingested_at: datetime
    captured: Captured
    decided_at: datetime | None = None
    source_path: str = ""
    revision: int = 1
    override: Mapping[str, Any] | None = None
    location: Mapping[str, Any] | None = None
    companions: tuple[Mapping[str, Any], ...] = ()
    links: tuple[Link, ...] = ()

    def to_line(self) -> bytes:
        """The record as one line of JSON, with its newline."""
        return _line({"format": FORMAT, **_fields(self)})

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Record:
        """The record that `to_line` wrote; unknown keys (of later versions) are left out.

        Raises:
            KeyError, TypeError, ValueError: The value is not such a record.
        """
        known = _checked(_known(cls, value))
        captured = _known(Captured, known["captured"])
        for name in ("local", "instant"):
            captured[name] = _time(captured.get(name))
        known |= {
            "asset_id": UUID(known["asset_id"]),
            "arrived_at": datetime.fromisoformat(known["arrived_at"]),
            "ingested_at": datetime.fromisoformat(known["ingested_at"]),
            "captured": Captured(**captured),
            "decided_at": _time(known.get("decided_at")),
            "companions": tuple(known.get("companions", ())),
            "links": tuple(
                Link(**_checked(_known(Link, link)))
                for link in known.get("links", ())
                if link["kind"] in LINK_KINDS
            ),
        }
        return cls(**known)


def append(folder_fd: int, lines: Sequence[bytes], name: bytes = NAME) -> None:
    """Append whole lines to the folder's record; they are on the disk when this returns.

    A torn last line of an earlier crash is closed first, so that it cannot swallow ours.
    """
    faults.point("filing.record_line")
    descriptor = _open(folder_fd, name, os.O_RDWR | os.O_APPEND | os.O_CREAT)
    try:
        size = os.fstat(descriptor).st_size
        is_torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        unwritten = memoryview(b"\n" * is_torn + b"".join(lines))
        while unwritten:
            unwritten = unwritten[os.write(descriptor, unwritten) :]
        folders.sync_file(descriptor)
    finally:
        os.close(descriptor)
    if size == 0:
        folders.sync_folder(folder_fd)


def read(folder_fd: int) -> dict[UUID, Record]:
    """The newest record of every asset of the folder; empty if the folder has none."""
    return {record.asset_id: record for record in parse(_lines(folder_fd))}


def household_line(household: Mapping[str, Any]) -> bytes:
    """The line of the originals' own folder that tells of the household, with its newline."""
    return _line({"format": FORMAT, HOUSEHOLD: household})


def read_household(folder_fd: int) -> Mapping[str, Any] | None:
    """The newest household of the originals' own folder; None if it tells of none."""
    found = None
    for value in _objects(_lines(folder_fd)):
        household = value.get(HOUSEHOLD)
        found = household if isinstance(household, dict) else found
    return found


def parse(lines: Iterable[bytes]) -> Iterator[Record]:
    """The records among the lines, in their order."""
    for value in _objects(lines):
        try:
            yield Record.from_json(value)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue


def _lines(folder_fd: int) -> Iterator[bytes]:
    faults.point("records.read")
    try:
        descriptor = _open(folder_fd, NAME, os.O_RDONLY)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "rb") as file:
        yield from file


def _open(folder_fd: int, name: bytes, flags: int) -> int:
    """Open a record; a link, folder or pipe in its place is one that the medium does not give."""
    safely = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(name, flags | safely, 0o644, dir_fd=folder_fd)
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise
        raise _no_file(name) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _no_file(name)
    return descriptor


def _no_file(name: bytes) -> OSError:
    return OSError(errno.EIO, f"{os.fsdecode(name)} is no regular file")


def _objects(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def _line(value: Mapping[str, Any]) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return text.encode() + b"\n"


def _checked(known: dict[str, Any]) -> dict[str, Any]:
    """What later steps rely on, for people may edit records.

    Raises:
        TypeError, ValueError: A hash or a number is none, or a name is no name of a file.
    """
    name = known.get("name")
    if not _HASH.fullmatch(known["file_hash"]) or (name is not None and not _NAME.fullmatch(name)):
        raise ValueError
    if not isinstance(known.get("revision", 1), int):
        raise TypeError
    return known


def _known(kind: type[Any], value: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: item for name, item in value.items() if name in names}


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case Captured() | Link():
            return _fields(value)
        case Mapping():
            return dict(value)
        case _:
            return str(value)


def _fields(value: Record | Captured | Link) -> dict[str, Any]:
    """The fields, not copied: dataclasses.asdict costs as much as all the rest of a line."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
