"""What a recorded photo means to another one: to a cut version of it that came before."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import orm

from librarian.originals import Originals
from librarian.repository import folder_records, links
from librarian.reserving import Reserved
from shared.database import Database


def link(database: Database, originals: Originals, recorded: Sequence[Reserved]) -> None:
    """Link the damaged assets that came whole with what was just recorded."""
    if not recorded:
        return
    asset_ids = [one.filing.asset_id for one in recorded]
    with database.read() as session:
        candidates = links.damaged_like(session, asset_ids)
    paths = {one.filing.asset_id: one.filing.relative_path for one in recorded}
    whole = whole_pictures(candidates, originals, paths)

    def write(session: orm.Session) -> None:
        for damaged, complete in whole:
            links.link(session, "complete", damaged, complete, "same first bytes")
        folder_records.owe(session, [damaged for damaged, _ in whole])

    if whole:
        database.run(write)


def whole_pictures(
    candidates: Sequence[tuple[links.Sibling, links.Sibling]],
    originals: Originals,
    paths: Mapping[UUID, str],
) -> list[tuple[UUID, UUID]]:
    """Of pairs of a damaged and a longer asset those where the one is the other's beginning."""
    return [
        (damaged.asset_id, complete.asset_id)
        for damaged, complete in candidates
        if _hash_of_beginning(originals, paths[complete.asset_id], damaged.size_bytes)
        == damaged.file_hash
    ]


def _hash_of_beginning(originals: Originals, path: str, size_bytes: int) -> str:
    hasher = hashlib.sha256()
    for part in _parts(originals, path, size_bytes):
        hasher.update(part)
    return hasher.hexdigest()


def _parts(originals: Originals, path: str, size_bytes: int) -> Iterator[bytes]:
    descriptor = originals.folder.open_file(os.fsencode(path))
    try:
        while size_bytes > 0 and (part := os.read(descriptor, min(size_bytes, 2**16))):
            size_bytes -= len(part)
            yield part
    finally:
        os.close(descriptor)
