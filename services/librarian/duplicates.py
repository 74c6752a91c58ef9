"""A content that the ledger knows already: nothing is filed, but the arrival may heal its original.

The original is looked at before its arrival may be removed; if it is missing or damaged, the
arrival's bytes take its place.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import orm

from librarian import arrivals, recovery
from librarian.arrivals import Outcome
from librarian.domain import naming
from librarian.originals import Originals
from librarian.repository import originals as original_rows
from librarian.repository import surveying
from librarian.repository.originals import Original
from librarian.repository.surveying import Verdict
from librarian.staging import Staged
from shared import errors, event_log, events, ledger
from shared.database import Database
from shared.stages import stages

HEALED: Final = "healed"


def settle(
    database: Database, originals: Originals, staged: Staged, known: Original, now: datetime
) -> Outcome:
    """The outcome of a duplicate; afterwards the original holds these bytes, or KEPT says why not.

    In move mode the original is read and hashed, in copy mode its size has to do.
    """
    if known.is_removed:
        return outcome(staged, known, arrivals.KEPT, "this photo was removed from the library")
    if known.relative_path is None or known.root_id != originals.root_id:
        return outcome(staged, known, arrivals.KEPT, "there is no original that we manage")
    if is_sound(originals, known, is_read=staged.claimed.mode == "move"):
        return outcome(staged, known)
    return heal(database, originals, staged, known, now)


def is_sound(originals: Originals, known: Original, *, is_read: bool) -> bool:
    """Whether the original is there; with `is_read`, whether its bytes are the right ones."""
    path = str(known.relative_path)
    try:
        if not is_read:
            return originals.size_at(path) == known.size_bytes
        return originals.hash_at(path) == (known.file_hash, known.size_bytes)
    except OSError:
        return False


def heal(
    database: Database, originals: Originals, staged: Staged, known: Original, now: datetime
) -> Outcome:
    """Give a missing or damaged original the arrival's bytes; the bad ones are kept aside."""
    with original_rows.locked(database, known.asset_id):
        with database.read() as session:
            row = original_rows.holding(session, known.asset_id, known.file_hash)
        if row is None or row.relative_path is None:
            raise errors.TransientError(f"asset {known.asset_id} changed while it was healed")
        if is_sound(originals, row, is_read=True):
            return outcome(staged, row)
        why = "the original was missing"
        if originals.is_taken(row.relative_path):
            aside = originals.set_aside(row.relative_path)
            why = f"the original was damaged; its bytes are {aside}"
        originals.sync_temporary(staged.temporary)
        originals.publish(staged.temporary, row.relative_path)
        # The whole folder may have been lost, and its record with it.
        recovery.write_ledgers_view(database, originals, [row.asset_id])
        database.run(lambda session: _tell(session, staged, row, why, now))
    return outcome(staged, row, HEALED, why)


def found_event(staged: Staged, known: Original) -> events.AssetDuplicateFoundV1:
    """The event that tells of a re-arrival."""
    claimed = staged.claimed
    return events.AssetDuplicateFoundV1(
        asset_id=known.asset_id,
        revision=known.revision,
        file_id=claimed.file_id,
        source_id=claimed.source.id,
        display_path=naming.display(claimed.found.path),
        job_id=claimed.job_id,
    )


def outcome(
    staged: Staged, known: Original, reason: str | None = None, detail: str | None = None
) -> Outcome:
    """The outcome "duplicate"."""
    return Outcome(
        file_id=staged.claimed.file_id,
        path=staged.claimed.found.path,
        outcome="duplicate",
        reason=reason,
        detail=detail,
        asset_id=known.asset_id,
        file_hash=known.file_hash,
    )


def _tell(session: orm.Session, staged: Staged, row: Original, why: str, now: datetime) -> None:
    """The file is sound again: its damage is forgotten, and failed stages have another try."""
    if not row.is_sidecar:
        surveying.note(session, [Verdict(row.asset_id, str(row.relative_path), None)], now)
    for stage in stages.BY_NAME:
        ledger.retry(session, stage, now=now, asset_ids=[row.asset_id])
    revision = ledger.lock(session, [row.asset_id]).get(row.asset_id, row.revision)
    healed = events.AssetHealedV1(
        asset_id=row.asset_id,
        revision=revision,
        relative_path=str(row.relative_path),
        healed_from=f"arrival {naming.display(staged.claimed.found.path)}",
        reason=why,
    )
    event_log.append(session, [healed], now=now)
