"""What is not kept for ever: the history of heartbeats."""

import asyncio
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy import orm

from shared import heartbeat, service
from shared.database import Database
from shared.settings import Settings

BATCH = 10_000
DAY_S = 86_400.0
BEAT_S = 60.0

log = structlog.get_logger()


def daily_loop(context: service.Context[Settings]) -> service.Loop:
    """Return the loop that deletes old history at the start and then once a day."""

    async def run(pulse: heartbeat.Pulse) -> None:
        due_at_s = context.clock.monotonic()
        while not context.stop.is_requested:
            if context.clock.monotonic() >= due_at_s:
                days = context.settings.history_days
                now = context.clock.now()
                await asyncio.to_thread(delete_old_history, context.database, now=now, days=days)
                due_at_s = context.clock.monotonic() + DAY_S
            pulse.succeeded("Watching the age of the history")
            await context.stop.wait(BEAT_S)

    return service.Loop("retention", run)


def delete_old_history(
    database: Database, *, now: datetime, days: int = 60, batch: int = BATCH
) -> int:
    """Delete heartbeats older than ``days`` in short transactions; return how many.

    The counts before and after are logged (seed 001, section 5).
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
