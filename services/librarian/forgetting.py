"""A person lets go of photos whose original is gone: no alert speaks of them any more.

Nothing is deleted: the row with its hash stays, so do copies and history. When the content arrives
again, or its file is put back, the photo is in the library again, as it was.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import orm

from librarian import record_writing
from librarian.originals import Originals
from librarian.repository import originals as original_rows
from librarian.repository import reconciling, surveying
from librarian.repository.reconciling import Expected
from librarian.repository.surveying import Verdict
from shared import errors, event_log, events, ledger
from shared.database import Database


def wanted(database: Database, originals: Originals, asset_id: UUID) -> Expected:
    """The original that is to be forgotten.

    Raises:
        UserError: It is there, or it is not in these originals, or it was removed before.
    """
    with database.read() as session:
        known = original_rows.by_id(session, asset_id)
    if known is None or known.relative_path is None or known.root_id != originals.root_id:
        raise errors.UserError(f"photo {asset_id} has no original of ours")
    if known.is_removed:
        raise errors.UserError(f"{known.relative_path} was removed from the library before")
    if originals.is_taken(known.relative_path):
        raise errors.UserError(
            f"{known.relative_path} is there", "forget deletes nothing: delete the file first"
        )
    return reconciling.of_original(known)


def forget(
    database: Database, originals: Originals, lost: Expected, by: str, now: datetime
) -> None:
    """Record that a person has let go of a photo whose original is gone.

    Raises:
        UserError: It is there again.
        TransientError: The asset changes just now.
    """
    with original_rows.locked(database, lost.asset_id):
        if wanted(database, originals, lost.asset_id) != lost:
            raise errors.TransientError(f"{lost.relative_path} changed meanwhile")
        database.run(lambda session: _remove(session, lost, by, now))
        folder = lost.relative_path.rpartition("/")[0]
        if not folder or originals.is_taken(folder):  # else its record is gone as well
            record_writing.write_ledgers_view(database, originals, [lost.asset_id])


def _remove(session: orm.Session, lost: Expected, by: str, now: datetime) -> None:
    surveying.note(session, [Verdict(lost.asset_id, lost.relative_path, None)], now)
    original_rows.set_removed(session, lost.asset_id, now)
    decided = events.AssetCuratedV1(
        asset_id=lost.asset_id,
        revision=ledger.lock(session, [lost.asset_id])[lost.asset_id],
        decision="removed",
        decided_by=by,
        values={"relative_path": lost.relative_path},
    )
    event_log.append(session, [decided], now=now)
