"""Sources leave, in move mode, once their original is recorded; what refuses to go is kept."""

from __future__ import annotations

import dataclasses
from uuid import UUID

import structlog
from sqlalchemy import orm

from librarian import removal
from librarian.originals import Originals
from librarian.repository import recording as rows
from librarian.staging import Staged
from shared.database import Database
from shared.disk import roots

log = structlog.get_logger()


@dataclasses.dataclass(frozen=True, slots=True)
class Departure:
    """A source that may go, and the path and size of what we keep of it."""

    staged: Staged
    kept_path: str
    kept_size_bytes: int


def depart(database: Database, originals: Originals, source_fd: int, departure: Departure) -> bool:
    """Remove a source; False if it stays: it is another file by now, or cannot be removed."""
    claimed = departure.staged.claimed

    def is_kept() -> bool:
        return originals.size_at(departure.kept_path) == departure.kept_size_bytes

    try:
        return removal.remove(
            source_fd, claimed.found.path, departure.staged.identity, claimed.file_id, is_kept
        )
    except removal.WrongViewError as error:
        keep(database, claimed.file_id, str(error), freeze=originals.root_id)
        log.warning("source.kept", path=claimed.found.path, why=str(error))
    except OSError as error:
        keep(database, claimed.file_id, f"cannot be removed: {error}")
        log.warning("source.kept", path=claimed.found.path, why=str(error))
    return False


def keep(database: Database, file_id: UUID, why: str, freeze: UUID | None = None) -> None:
    """Store why a source stays; and freeze the root of the originals if it is that bad."""

    def store(session: orm.Session) -> None:
        rows.keep_source(session, file_id, why)
        if freeze is not None:
            roots.freeze(session, freeze, why)

    database.run(store)
