from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from shared import heartbeat, models, retention
from shared.database import Database

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_history_older_than_the_limit_goes_in_batches(database: Database) -> None:
    sign = heartbeat.Sign("librarian", "OK", "Watching")
    with database.transaction() as session:
        for days in (0, 59, 60, 61, 62, 63):
            heartbeat.write(session, sign, now=NOW - timedelta(days=days))

    deleted = retention.delete_old_history(database, now=NOW, days=60, batch=2)

    with database.read() as session:
        kept = session.scalar(sa.select(sa.func.count()).select_from(models.SystemStatusHistory))
    assert (deleted, kept) == (3, 3)
