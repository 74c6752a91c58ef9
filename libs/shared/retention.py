"""What is not kept for ever: the history of heartbeats."""

from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy import orm

from shared.database import Database

HISTORY_DAYS = 60
BATCH = 10_000

log = structlog.get_logger()


def delete_old_history(
    database: Database, *, now: datetime, days: int = HISTORY_DAYS, batch: int = BATCH
) -> int:
    """Delete heartbeats older than ``days`` in short transactions; return how many.

    To be called once a day (seed 001, section 5); the counts before and after are logged.
    """
    oldest = now - timedelta(days=days)
    before = _count(database)
    deleted = 0
    while True:
        gone = database.run(lambda session: _delete(session, oldest, batch))
        deleted += gone
        if gone < batch:
            break
    log.info("history.deleted", before=before, after=_count(database), deleted=deleted, days=days)
    return deleted


def _delete(session: orm.Session, oldest: datetime, batch: int) -> int:
    gone = session.scalars(
        sa.text(
            "delete from system_status_history where id in (select id from system_status_history"
            " where heartbeat_timestamp < :oldest order by id limit :batch) returning id"
        ),
        {"oldest": oldest, "batch": batch},
    )
    return len(gone.all())


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(sa.text("select count(*) from system_status_history")) or 0
