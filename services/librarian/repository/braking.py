"""How many photos get another date at once: by a job, or by companions that come late."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from shared import models

DELIVERY: Final = timedelta(hours=24)
"""Files that arrive within it belong together, in whatever order they come."""

JOB: Final = "companions"
"""The type of the job that holds what companions would have done without a person's leave."""


@dataclasses.dataclass(frozen=True, slots=True)
class Redated:
    """A photo that a companion gave another date, with the instants before and after."""

    relative_path: str
    before: datetime | None
    after: datetime | None


def by_job(session: orm.Session, job_id: UUID) -> Counter[UUID]:
    """How many photos of a job, done or not, get another date or folder, by root.

    The same as `plan.weighty`, over all rows at once.
    """
    rows = session.execute(_BY_JOB, {"job": job_id})
    return Counter({row.root_id: row.photos for row in rows})


def by_companions(session: orm.Session, now: datetime) -> Counter[UUID]:
    """How many photos of earlier deliveries this one's companions gave another date, by root."""
    rows = session.execute(_BY_COMPANIONS, {"now": now, "delivery": DELIVERY})
    return Counter({row.root_id: row.photos for row in rows})


def examples(session: orm.Session, root_id: UUID, now: datetime, limit: int) -> list[Redated]:
    """The latest of these photos."""
    values = {"now": now, "delivery": DELIVERY, "root": root_id, "limit": limit}
    return [Redated(*row) for row in session.execute(_EXAMPLES, values)]


def held(session: orm.Session, root_id: UUID) -> list[models.Job]:
    """The jobs that wait for a person before they change photos of a root, oldest first."""
    item = models.JobAsset
    of_root = (
        sa.select(item.job_id)
        .join(models.MediaAsset, models.MediaAsset.id == item.asset_id)
        .where(item.job_id == models.Job.id, models.MediaAsset.root_id == root_id)
    )
    query = sa.select(models.Job).where(
        models.Job.state == "paused", models.Job.error.is_not(None), of_root.exists()
    )
    return list(session.scalars(query.order_by(models.Job.created_at)))


_BY_JOB: Final = sa.text("""
    select a.root_id, count(*) as photos
    from job_assets j join media_assets a on a.id = j.asset_id
    where j.job_id = :job and a.root_id is not null
      and (j.before #> '{decision,captured_local}' <> j.after #> '{decision,captured_local}'
        or j.before #> '{decision,captured_at}' <> j.after #> '{decision,captured_at}'
        or coalesce(j.after ->> 'folder', j.after ->> 'path') is not null)
    group by a.root_id""")

# Counting begins anew with each job that was held: a person sees to what was before.
_REDATED: Final = f"""
    from event_log e join media_assets a on a.id = e.asset_id
      join asset_dates d on d.asset_id = a.id
    where e.topic = 'media.asset.redated' and e.data ->> 'reason' like 'companion:%'
      and e.time <= :now and e.time > greatest(:now - cast(:delivery as interval),
        (select max(created_at) from jobs where type = '{JOB}' and created_at < :now))
      and d.arrived_at < e.time - cast(:delivery as interval)
      and e.data -> 'captured_at' is distinct from e.data -> 'captured_at_before'
      and a.root_id is not null"""

_BY_COMPANIONS: Final = sa.text(
    f"select a.root_id, count(distinct a.id) as photos {_REDATED} group by a.root_id"
)

_EXAMPLES: Final = sa.text(f"""
    select a.relative_path, cast(e.data ->> 'captured_at_before' as timestamptz),
      cast(e.data ->> 'captured_at' as timestamptz)
    {_REDATED} and a.root_id = :root order by e.time desc, e.id desc limit :limit""")
