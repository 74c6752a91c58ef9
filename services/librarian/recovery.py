"""Filings that were interrupted, by a crash or by a lost dependency, are brought to an end.

Recovery only rolls forward: what was published and hashes right is recorded; what was not is
released to be filed again. It deletes nothing but temporary files: a published file that cannot be
read, or that the ledger refuses, is put aside, for its source may have gone meanwhile. A take-over
raises the epoch and removes the temporary file first, so an owner that still runs can publish
nothing afterwards.
"""

from __future__ import annotations

import errno
import functools
import os

import structlog
from sqlalchemy import orm

from librarian import record_writing, recording
from librarian.arrivals import Outcome
from librarian.originals import Originals
from librarian.repository import filings
from librarian.repository import recording as rows
from librarian.repository.filings import Filing
from shared import faults
from shared.clock import Clock
from shared.database import Database

log = structlog.get_logger()


def finish_abandoned(database: Database, originals: Originals, owner: int, clock: Clock) -> int:
    """Finish every filing into this root that nobody alive works on; how many are finished.

    One that the disk refuses to finish stays open and is named; the next call tries it again.
    """
    finished = 0
    tried: set[object] = set()
    while True:
        with database.read() as session:
            ids = set(filings.abandoned(session, originals.root_id, owner)) - tried
        if not ids:
            break
        for filing_id in ids:
            tried.add(filing_id)
            filing = database.run(
                functools.partial(filings.take_over, filing_id=filing_id, owner=owner)
            )
            if filing is not None:
                faults.point("recovery.taken_over")
                finished += _try_to_finish(database, originals, filing, clock)
    record_writing.write_owed(database, originals)
    return finished


def _try_to_finish(database: Database, originals: Originals, filing: Filing, clock: Clock) -> bool:
    try:
        _finish(database, originals, filing, clock)
    except OSError as error:
        log.warning("filing.stays_open", path=filing.relative_path, why=str(error))
        return False
    return True


def _finish(database: Database, originals: Originals, filing: Filing, clock: Clock) -> None:
    originals.discard(filing.temporary_name.encode())
    if not _is_published(originals, filing):
        database.run(lambda session: give_up(session, filing))
        log.info("filing.released", file_id=filing.file_id, path=filing.relative_path)
        return
    originals.sync(filing.relative_path)
    record_writing.write_filed(database, originals, [filing])
    _, refused = recording.record(database, [filing], clock.now(), originals.brake)
    for one in refused:
        _put_aside(originals, filing.relative_path, one.error)
        refuse(database, one, clock)
    log.info("filing.recovered", file_id=filing.file_id, path=filing.relative_path)


def _is_published(originals: Originals, filing: Filing) -> bool:
    """Whether the filing's bytes stand at its path; what the medium does not give back goes aside.

    Raises:
        OSError: They could not be looked at now.
    """
    try:
        faults.point("recovery.hash")
        found = originals.hash_at(filing.relative_path)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        _put_aside(originals, filing.relative_path, str(error))
        return False
    return found == (filing.file_hash, filing.size_bytes)


def _put_aside(originals: Originals, relative_path: str, why: str) -> None:
    aside = originals.set_aside(relative_path)
    log.warning("filing.put_aside", path=relative_path, aside=aside, why=why)


def give_up(session: orm.Session, filing: Filing) -> None:
    """Close a filing that published nothing; its file can be claimed again."""
    filings.delete(session, [filing.id], filing.owner)
    rows.reopen_files(session, [filing.file_id])


def refuse(database: Database, refused: recording.Refused, clock: Clock) -> None:
    """Close a filing whose rows PostgreSQL refuses, and say so of its file."""

    def close(session: orm.Session) -> None:
        give_up(session, refused.filing)
        rows.decide_files(session, [outcome_of(refused, b"")], clock.now())

    database.run(close)


def outcome_of(refused: recording.Refused, path: bytes) -> Outcome:
    """What becomes of a refused file; one whose content has a row by now is a duplicate later."""
    file_id = refused.filing.file_id
    if refused.is_known:
        return Outcome(file_id, path, None, "recorded by another filing")
    return Outcome(file_id, path, "failed", "refused by the ledger", refused.error)


def discard_leftovers(database: Database, originals: Originals) -> int:
    """Delete the temporary files of owners that are dead; how many there were."""
    names = leftovers(database, originals)
    for name in names:
        originals.discard(name)
    return len(names)


def leftovers(database: Database, originals: Originals) -> list[bytes]:
    """The temporary files of owners that are dead and that no filing needs."""
    names = [os.fsencode(name) for name in os.listdir(originals.temporary_fd)]
    owners = {name: owner for name in names if (owner := owner_of(name)) is not None}
    with database.read() as session:
        live = filings.live_owners(session, set(owners.values()))
        reserved = {filing.temporary_name.encode() for filing in filings.unfinished(session)}
    return sorted(
        name for name, owner in owners.items() if owner not in live and name not in reserved
    )


def owner_of(temporary: bytes) -> int | None:
    """Whose temporary file this is, by its name; None for one that filing did not make."""
    owner, dot, _ = temporary.partition(b".")
    return int(owner) if dot and owner.isdigit() else None
