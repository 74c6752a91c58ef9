"""A ledger that is older than the disk is noticed, so that nothing is filed twice.

The root of the originals remembers how far the ledger's log had come. A ledger restored from an
older dump is below that mark: filing waits until `reconcile --repair` has adopted what it lacks.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from shared import errors, models
from shared.database import Database
from shared.disk import root_markers
from shared.disk.root_folder import RootFolder
from shared.disk.root_markers import HighWater

# Ids are given before transactions commit: the newest by commit need not have the highest id.
_POSITION: Final = sa.text("""
    select max(id) from (
      select id from event_log order by epoch desc, xid desc, id desc limit 5000) as newest""")


TOO_OLD: Final = "the ledger is older than the disk; run ./photofactory reconcile --repair"
"""`ledger.frozen_reason` meanwhile: events of other services raise the log above the mark again."""


class LedgerTooOldError(errors.DependencyError):
    """The disk holds originals that this ledger never heard of."""

    def __init__(self) -> None:
        super().__init__("filing", f"is frozen: {TOO_OLD}")


def check(database: Database, folder: RootFolder) -> None:
    """Return if the ledger is not older than what the root has seen of it.

    Raises:
        LedgerTooOldError: It is; filing stays frozen until `accept`.
    """
    mark = root_markers.read_high_water(folder.fd)
    if mark is None:
        return
    with database.read() as session:
        now = position(session)
    if mark.ledger_id == now.ledger_id and mark.is_above(now.log_id):
        database.run(_freeze)
        raise LedgerTooOldError


def is_too_old(database: Database) -> bool:
    """Whether the ledger is known to be older than the disk, and has not caught up yet."""
    with database.read() as session:
        return session.scalar(sa.select(models.Ledger.frozen_reason)) == TOO_OLD


def raise_to_now(database: Database, folder: RootFolder, *, temporary: bytes | None = None) -> None:
    """Let the root remember how far the log has come, whatever it remembered before."""
    with database.read() as session:
        now = position(session)
    root_markers.write_high_water(folder.fd, now, temporary=temporary)


def accept(database: Database, folder: RootFolder, *, temporary: bytes) -> None:
    """Begin anew from here, once the ledger has caught up with the disk; filing goes on."""
    raise_to_now(database, folder, temporary=temporary)
    thaw = sa.update(models.Ledger).where(models.Ledger.frozen_reason == TOO_OLD)
    database.run(lambda session: session.execute(thaw.values(frozen_reason=None)))


def _freeze(session: orm.Session) -> None:
    free = sa.update(models.Ledger).where(models.Ledger.frozen_reason.is_(None))
    session.execute(free.values(frozen_reason=TOO_OLD))


def position(session: orm.Session) -> HighWater:
    """How far the ledger's log has come."""
    ledger = session.execute(sa.select(models.Ledger.ledger_id, models.Ledger.epoch)).one()
    return HighWater(ledger.ledger_id, ledger.epoch, session.scalar(_POSITION) or 0)
