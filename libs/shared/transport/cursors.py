"""How far each consumer group has read ``event_log``, one cursor per topic.

A cursor is (epoch, xid, id). Ids alone become visible out of order, so a reader of ids would skip
what commits late; transaction ids below the snapshot's oldest running one are all decided. The
epoch stands in front because a restored database counts transactions anew.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import sqlalchemy as sa
from sqlalchemy import orm

LAG_LIMIT = 100_000
"""Where counting what is not read yet ends."""

Statements = sa.Connection | orm.Session


class Cursor(NamedTuple):
    """A place in ``event_log``; everything at or before it is done."""

    epoch: int
    xid: int
    id: int

    @classmethod
    def parse(cls, position: str) -> Self:
        """Return the cursor that ``str`` gave."""
        epoch, xid, row = position.split(".")
        return cls(int(epoch), int(xid), int(row))

    def __str__(self) -> str:
        """Return the position of a record in text."""
        return f"{self.epoch}.{self.xid}.{self.id}"


BEGINNING = Cursor(0, 0, 0)

# xid8 travels as text: a driver's integer is a bigint, which has no cast to it
PLACES = """unnest(cast(:topics as text[]), cast(:epochs as integer[]),
    cast(cast(:xids as text[]) as xid8[]), cast(:ids as bigint[])) as n (topic, epoch, xid, id)"""

AFTER = """(l.topic, l.epoch, l.xid, l.id) > (n.topic, n.epoch, n.xid, n.id)
    and l.topic <= n.topic"""
"""The rows ``l`` of ``event_log`` after the place ``n``.

Not "l.topic = n.topic": then the planner takes the primary key and walks over all other topics,
seconds for a rare one, or sorts all that is left of the topic for every page.
"""


def register(session: Statements, group: str, topics: Sequence[str]) -> None:
    """Give ``group`` a cursor at the beginning of every topic where it has none."""
    session.execute(
        sa.text(
            "insert into event_cursors (group_name, topic, epoch, xid, id)"
            " select :group, topic, 0, '0', 0 from unnest(cast(:topics as text[])) as t (topic)"
            " on conflict do nothing"
        ),
        {"group": group, "topics": list(topics)},
    )


def register_behind_all(session: Statements, group: str, topics: Sequence[str]) -> None:
    """Give ``group`` a cursor where the slowest other group stands, if it has none on a topic.

    A topic that nobody ever read begins at the beginning.
    """
    session.execute(
        sa.text("""
            insert into event_cursors (group_name, topic, epoch, xid, id)
            select :group, t.topic, coalesce(c.epoch, 0), coalesce(c.xid, '0'), coalesce(c.id, 0)
            from unnest(cast(:topics as text[])) as t (topic)
            left join lateral (
                select epoch, xid, id from event_cursors o
                where o.topic = t.topic and o.group_name <> :group
                order by o.epoch, o.xid, o.id limit 1
            ) c on true
            on conflict do nothing
        """),
        {"group": group, "topics": list(topics)},
    )


def load(session: Statements, group: str, topics: Sequence[str]) -> dict[str, Cursor]:
    """Return the stored cursor of each topic; the beginning where there is none."""
    rows = session.execute(
        sa.text(
            "select topic, epoch, xid::text as transaction_id, id from event_cursors"
            " where group_name = :group and topic = any(:topics)"
        ),
        {"group": group, "topics": list(topics)},
    )
    found = {row.topic: Cursor(row.epoch, int(row.transaction_id), row.id) for row in rows}
    return {topic: found.get(topic, BEGINNING) for topic in topics}


def advance(session: Statements, group: str, places: Mapping[str, Cursor]) -> None:
    """Store ``places`` where they are further than what is stored."""
    session.execute(
        sa.text(
            "update event_cursors c set epoch = n.epoch, xid = n.xid, id = n.id,"
            f" updated_at = now() from {PLACES} where c.group_name = :group"
            " and c.topic = n.topic and (c.epoch, c.xid, c.id) < (n.epoch, n.xid, n.id)"
        ),
        {"group": group} | arrays(places),
    )


def rewind(session: Statements, group: str, topics: Sequence[str]) -> None:
    """Store the beginning for ``topics``."""
    session.execute(
        sa.text(
            "update event_cursors set epoch = 0, xid = '0', id = 0, updated_at = now()"
            " where group_name = :group and topic = any(:topics)"
        ),
        {"group": group, "topics": list(topics)},
    )


def lag(session: Statements, group: str, topics: Sequence[str]) -> int:
    """Return how many committed events ``group`` has not done, at most LAG_LIMIT per topic."""
    count = session.execute(
        sa.text(f"""
            select coalesce(sum(waiting.count), 0) from {PLACES}
            cross join lateral (
                select count(*) from (
                    select from event_log l where {AFTER} limit {LAG_LIMIT}
                ) unread
            ) waiting
        """),
        arrays(load(session, group, topics)),
    ).scalar_one()
    return int(count)


def arrays(places: Mapping[str, Cursor]) -> dict[str, list[str] | list[int]]:
    """Return ``places`` as the parameters topics, epochs, xids and ids of one statement."""
    return {
        "topics": list(places),
        "epochs": [place.epoch for place in places.values()],
        "xids": [str(place.xid) for place in places.values()],
        "ids": [place.id for place in places.values()],
    }
