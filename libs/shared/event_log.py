"""The one writer of ``event_log``, which is outbox, history of the photo, and log of laptop mode.

An event is written in the transaction of the state change that it tells of, or not at all.
"""

import json
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import orm
from uuid_utils import compat

from shared import events as event_types
from shared.errors import DependencyError, PermanentError
from shared.events import envelope

CHANNEL = "event_log"
"""NOTIFY channel: one empty message per writing transaction wakes the readers."""

MAX_EVENT_BYTES = 256 * 1024
"""Far below the broker's limit of 1 MiB; a larger one would stop the relay for ever."""

# No row comes back from ``home`` when the database was restored into another cluster: then the
# transaction ids of old and new events do not compare and readers would skip the new ones.
_APPEND = sa.text("""
with home as (
    select epoch from ledger
    where system_identifier = (select system_identifier::text from pg_control_system())
), placed as (
    insert into event_log (epoch, event_id, topic, key, asset_id, time, data, headers)
    select home.epoch, e.event_id, e.topic, e.key, e.asset_id, :now, e.data::jsonb, e.headers::jsonb
    from home, unnest(
        cast(:event_ids as uuid[]), cast(:topics as text[]), cast(:keys as text[]),
        cast(:asset_ids as uuid[]), cast(:data as text[]), cast(:headers as text[])
    ) with ordinality as e (event_id, topic, key, asset_id, data, headers, place)
    order by e.place
    returning 1
)
select (select count(*) from placed), pg_notify(:channel, '')
""")


def append(session: orm.Session, events: Sequence[event_types.Event], *, now: datetime) -> None:
    """Write ``events`` in the caller's transaction, in their order, and wake the readers at commit.

    Raises DependencyError when the ledger is not set up or its database was restored or moved and
    ``up`` has not yet raised its epoch (``shared.transport.epoch``).
    """
    if not events:
        return
    ids = [compat.uuid7() for _ in events]
    written = session.execute(
        _APPEND,
        {
            "now": now,
            "channel": CHANNEL,
            "event_ids": ids,
            "topics": [event.topic for event in events],
            "keys": [event.key for event in events],
            "asset_ids": [event.subject_asset for event in events],
            "data": [_data(event) for event in events],
            "headers": [
                json.dumps(
                    {
                        "dataschema": event_types.schema_uri(event.topic, event.version),
                        "traceparent": envelope.traceparent(event.key, event_id),
                    }
                )
                for event, event_id in zip(events, ids, strict=True)
            ],
        },
    ).scalar_one()
    if written != len(events):
        raise DependencyError(
            "database", "the ledger was restored or moved: start it with ./photofactory up"
        )


def horizon_age_s(session: orm.Session) -> float:
    """Age of the oldest transaction that writes: readers get nothing that is newer than it."""
    return float(session.scalar(_HORIZON_AGE) or 0.0)


_HORIZON_AGE = sa.text("""
    select extract(epoch from clock_timestamp() - min(xact_start)) from pg_stat_activity
    where backend_xid is not null and pid <> pg_backend_pid()""")


def _data(event: event_types.Event) -> str:
    data = event.model_dump_json()
    if len(data) > MAX_EVENT_BYTES:
        raise PermanentError(f"{event.topic} {event.key}: {len(data)} bytes are no event")
    return data
