"""Whether the copies on a target are still what they were; nothing on it is changed."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import orm

from backup import copying, repository
from backup.repository import Held, Target
from shared import errors, ledger
from shared.database import Database
from shared.disk import copy_paths
from shared.disk.root_folder import RootFolder

PAGE = 1_000


@dataclasses.dataclass(frozen=True, slots=True)
class Wrong:
    """A copy that is not what the ledger says; its path is relative to the target."""

    asset_id: UUID
    target_id: UUID
    path: str
    state: Literal["missing", "damaged"]
    detail: str = ""
    is_sidecar: bool = False


def find(database: Database, target: Target, *, is_deep: bool) -> Iterator[Wrong]:
    """Yield every wrong copy on a target; sizes have to do unless `is_deep`: then all are read.

    Raises:
        DependencyError: The target is away: then all would look missing.
    """
    with copying.blaming_target(target.name), target.root.open(is_for_writing=False) as folder:
        after: UUID | None = None
        while True:
            with database.read() as session:
                page = repository.held(session, target.id, after, PAGE)
                sidecars = repository.held_sidecars(session, [each.asset_id for each in page])
            if not page:
                return
            found = [_look(folder, target, each, is_deep=is_deep) for each in page]
            found += [_look_for(folder, target, each, is_deep=is_deep) for each in sidecars]
            wrong = [each for each in found if each is not None]
            if wrong:
                target.root.open(is_for_writing=False).close()
            yield from wrong
            after = page[-1].asset_id


def make_again(database: Database, wrong: Sequence[Wrong], now: datetime) -> int:
    """Let the backup make these copies again, under their paths; return of how many photos."""

    def forget(session: orm.Session) -> int:
        ids = sorted({each.asset_id for each in wrong})
        ledger.lock(session, ids)
        for each in (one for one in wrong if not one.is_sidecar):
            repository.doubt(session, each.asset_id, each.target_id, each.state)
        ledger.clear(session, repository.STAGE, ids, now=now)
        return len(ids)

    return database.run(forget)


def _look_for(folder: RootFolder, target: Target, sidecar: Held, *, is_deep: bool) -> Wrong | None:
    """A sidecar's copy is at any of the paths that it may have taken."""
    first: Wrong | None = None
    for path in copy_paths.candidates(sidecar.relative_path, sidecar.asset_id):
        held = dataclasses.replace(sidecar, relative_path=path)
        wrong = _look(folder, target, held, is_deep=is_deep)
        if wrong is None:
            return None
        first = first or wrong
    return first


def _look(folder: RootFolder, target: Target, held: Held, *, is_deep: bool) -> Wrong | None:
    wrong = functools.partial(
        Wrong, held.asset_id, target.id, held.relative_path, is_sidecar=held.is_sidecar
    )
    try:
        descriptor = folder.open_file(os.fsencode(held.relative_path))
    except FileNotFoundError:
        return wrong("missing")
    except (errors.PermanentError, OSError) as error:
        return wrong("damaged", str(error))
    try:
        detail = _difference(descriptor, held, is_deep=is_deep)
    except OSError as error:
        detail = f"unreadable: {error}"
    finally:
        os.close(descriptor)
    return wrong("damaged", detail) if detail else None


def _difference(descriptor: int, held: Held, *, is_deep: bool) -> str:
    size_bytes = os.fstat(descriptor).st_size
    if size_bytes != held.size_bytes:
        return f"{size_bytes} bytes, not {held.size_bytes}"
    if is_deep and copying.hash_of_medium(descriptor) != held.file_hash:
        return "other bytes"
    return ""
