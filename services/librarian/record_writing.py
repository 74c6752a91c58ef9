"""What is written into the records of folders, and when: before a row, and after it has changed.

A published file is told of before it is recorded, so that a rebuild knows it; what the ledger
decides later about a photo is owed to its record by the same transaction, and told afterwards. The
form of a record is that of `records.py`.
"""

from __future__ import annotations

import dataclasses
import errno
import functools
from collections.abc import Collection, Sequence
from uuid import UUID

import structlog

from librarian import deciding, records
from librarian.originals import Originals
from librarian.repository import folder_records
from librarian.repository.filings import Filing
from shared.database import Database
from shared.disk import folders

log = structlog.get_logger()


def write_filed(database: Database, originals: Originals, done: Sequence[Filing]) -> None:
    """Write the lines of published files into the records of their folders, durably.

    A sidecar's line is that of its photo, which has one link more now; all that come for one photo
    are in one line, for each holds all links.
    """
    lines: dict[str, dict[UUID, bytes]] = {}
    owners = {filing.asset_id for filing in done if "link" in filing.record}
    with database.read() as session:
        known = folder_records.load(session, owners) if owners else {}
    for filing in done:
        folder, _, name = filing.relative_path.rpartition("/")
        if "asset" in filing.record:
            record = deciding.folder_record(
                filing.asset_id, filing.file_hash, filing.size_bytes, name, filing.record
            )
        elif filing.asset_id in known:
            record = _with_sidecar(known[filing.asset_id], filing, name)
            known[filing.asset_id] = record
        else:
            continue
        lines.setdefault(folder, {})[filing.asset_id] = record.to_line()
    for folder, of_folder in sorted(lines.items()):
        append(database, originals, folder, list(of_folder.values()))


def write_ledgers_view(
    database: Database, originals: Originals, asset_ids: Collection[UUID]
) -> None:
    """Write what the ledger says of assets now into the records of their folders, durably.

    A folder in whose place something else stands has none: `reconcile` misses its photos.
    """
    if not asset_ids:
        return
    with database.read() as session:
        known = folder_records.load(session, asset_ids)
        paths = folder_records.folders_of(session, asset_ids)
    lines: dict[str, list[bytes]] = {}
    for asset_id, record in known.items():
        lines.setdefault(paths[asset_id], []).append(record.to_line())
    for folder, of_folder in sorted(lines.items()):
        try:
            append(database, originals, folder, of_folder)
        except folders.UnusablePathError as error:
            log.warning("record.no_folder", folder=folder, why=str(error))


def write_owed(database: Database, originals: Originals) -> None:
    """Write what the ledger has decided about photos here, and no record tells yet, durably."""
    while True:
        with database.read() as session:
            owed = folder_records.owed(session, originals.root_id)
        if not owed:
            return
        write_ledgers_view(database, originals, owed.keys())
        database.run(functools.partial(folder_records.paid, written=owed))


def append(database: Database, originals: Originals, folder: str, lines: Sequence[bytes]) -> None:
    """Append lines to the record of a folder, durably.

    A record that is begun tells of all that the ledger knows in its folder: the one before was
    lost. One that the medium does not give back is kept aside, and begun anew.
    """
    if not originals.has_records(folder):
        lines = _after_known(database, originals, folder, lines)
    try:
        originals.append_records(folder, lines)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        begin_anew(database, originals, folder, lines)


def begin_anew(
    database: Database, originals: Originals, folder: str, lines: Sequence[bytes] = ()
) -> str:
    """Keep a folder's record aside and begin one with the ledger's view; where the old one is."""
    lines = _after_known(database, originals, folder, lines)
    aside = originals.begin_records(folder, lines)
    log.warning("record.put_aside", folder=folder, aside=aside)
    return aside


def _after_known(
    database: Database, originals: Originals, folder: str, lines: Sequence[bytes]
) -> list[bytes]:
    """What the ledger says of every asset in a folder, then the lines."""
    with database.read() as session:
        ids = folder_records.in_folder(session, originals.root_id, folder)
        known = [record.to_line() for record in folder_records.load(session, ids).values()]
    told = set(lines)
    return [*(line for line in known if line not in told), *lines]


def _with_sidecar(record: records.Record, filing: Filing, name: str) -> records.Record:
    """A photo's record with one sidecar more."""
    link = records.Link(
        file_hash=filing.file_hash,
        name=name,
        size_bytes=filing.size_bytes,
        **filing.record["link"],
    )
    others = tuple(each for each in record.links if each.file_hash != link.file_hash)
    return dataclasses.replace(record, links=(*others, link))
