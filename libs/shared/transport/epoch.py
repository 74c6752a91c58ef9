"""Restored or moved databases: transaction ids begin anew there, so the log's epoch must rise.

Without it readers would skip every new event in silence (measured: 0 of 1,000 read). Nobody writes
an event before ``up`` has raised the epoch: ``event_log.append`` and ``check`` refuse.
"""

import sqlalchemy as sa
from sqlalchemy import orm

from shared.errors import DependencyError

# The second condition is for a copy of the data folder that was set back by other means.
_HAS_MOVED = """
    system_identifier <> (select system_identifier::text from pg_control_system())
    or coalesce((
        select e.xid >= pg_snapshot_xmax(pg_current_snapshot()) from event_log e
        where e.epoch = ledger.epoch order by e.epoch desc, e.xid desc, e.id desc limit 1
    ), false)
"""


def has_moved(session: orm.Session) -> bool:
    """Return whether this database is not where its events were written."""
    return bool(session.execute(sa.text(f"select {_HAS_MOVED} from ledger")).scalar_one())


def check(session: orm.Session) -> None:
    """Raise DependencyError while the epoch has to be raised; for every service at its start."""
    if has_moved(session):
        raise DependencyError(
            "database", "the ledger was restored or moved: start it with ./photofactory up"
        )


def raise_if_moved(session: orm.Session) -> bool:
    """Return whether the epoch had to be raised, and was; for the migration step of ``up`` alone.

    Commit at once: the row of the ledger stays locked until then.
    """
    session.execute(sa.text("select from ledger for update"))
    raised = session.execute(
        sa.text(
            "update ledger set epoch = epoch + 1, system_identifier ="
            " (select system_identifier::text from pg_control_system())"
            f" where {_HAS_MOVED} returning epoch"
        )
    )
    return raised.scalar_one_or_none() is not None
