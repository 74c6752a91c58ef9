"""A content that the ledger knows already: nothing is filed, but the arrival may heal its original.

The original is looked at before its arrival may be removed; if it is missing or damaged, the
arrival's bytes take its place.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from librarian import arrivals, healing
from librarian.arrivals import Outcome
from librarian.domain import naming
from librarian.originals import Originals
from librarian.repository import reconciling
from librarian.repository.originals import Original
from librarian.staging import Staged
from shared import events
from shared.database import Database

HEALED: Final = "healed"


def settle(
    database: Database, originals: Originals, staged: Staged, known: Original, now: datetime
) -> Outcome:
    """The outcome of a duplicate; afterwards the original holds these bytes, or KEPT says why not.

    In move mode the original is read and hashed, in copy mode its size has to do. A photo that a
    person removed is back in the library, as it was.

    Raises:
        TransientError: The original changes just now.
    """
    if known.relative_path is None or known.root_id != originals.root_id:
        return outcome(staged, known, arrivals.KEPT, "there is no original that we manage")
    wanted = reconciling.of_original(known)
    is_read = staged.claimed.mode == "move"
    if not wanted.is_removed and healing.is_sound(originals, wanted, is_read=is_read):
        return outcome(staged, known)
    arrival = f"arrival {naming.display(staged.claimed.found.path)}"
    fresh = healing.Fresh(staged.temporary, arrival)
    why = healing.heal(database, originals, wanted, fresh, now)
    return outcome(staged, known, HEALED if why else None, why)


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
