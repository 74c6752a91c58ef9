"""What the records tell of other files: links between assets, and files that are missing."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Final

from sqlalchemy import orm

from librarian import inbox
from librarian.rebuilding import archive
from librarian.records import Record
from librarian.repository import rebuilding
from librarian.scanner import join
from shared.database import Database
from shared.disk.root_folder import RootFolder

PAGE: Final = 1_000


def link(database: Database, root: RootFolder) -> list[bytes]:
    """Restore the links between assets; the paths of recorded files that nobody has."""
    told = ((folder.path, record) for folder in archive.walk(root) for record in folder.present())
    missing: list[bytes] = []
    for page in inbox.batched(told, PAGE):
        missing += database.run(functools.partial(_link_page, told=page))
    return missing


def link_all(session: orm.Session, told: Sequence[Record]) -> None:
    """Link assets as their records tell, as far as both are there."""
    pairs = [
        rebuilding.Pair(record.file_hash, each.kind, each.file_hash, each.evidence)
        for record in told
        for each in record.links
        if each.name is None
    ]
    rebuilding.insert_pairs(session, pairs)


def _link_page(session: orm.Session, told: Sequence[tuple[bytes, Record]]) -> list[bytes]:
    link_all(session, [record for _, record in told])
    known = rebuilding.known_hashes(session, [record.file_hash for _, record in told])
    filed = [(f, r, each) for f, r in told for each in r.links if each.name is not None]
    sidecars = rebuilding.known_sidecars(session, [each.file_hash for _, _, each in filed])
    missing = [(f, record.name) for f, record in told if record.file_hash not in known]
    missing += [
        (folder, each.name)
        for folder, record, each in filed
        if (record.asset_id, each.file_hash) not in sidecars
    ]
    return [join(folder, os.fsencode(str(name))) for folder, name in missing]
