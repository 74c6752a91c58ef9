"""Which assets a stage takes next: claims of fresh events, rows that are due, releases.

A claim is the row of ``asset_stages`` in state running with our owner id. Only what is needed to
give it back unchanged stays in it: error and next attempt say what the state was before.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from shared import ledger, ownership
from shared.stages.stages import Stage

CRASH_LIMIT = 4
"""So often may a process die with this file alone in flight; three kills condemn nobody."""


def claim_fresh(
    session: orm.Session, stage: Stage, asset_ids: Sequence[UUID], *, owner: int, now: datetime
) -> list[UUID]:
    """Claim assets whose event arrived; return those that are ours to work on.

    Left out is what is gone, done or not applicable at this producer version, running elsewhere,
    parked or quarantined: the sweeper owns those.
    """
    claimed = session.scalars(
        _CLAIM_FRESH,
        {
            "ids": sorted(set(asset_ids)),
            "stage": stage.name,
            "version": stage.producer_version,
            "owner": owner,
            "now": now,
        },
    )
    return sorted(claimed)


def claim_never_tried(
    session: orm.Session, stage: Stage, *, limit: int, owner: int, now: datetime
) -> list[UUID]:
    """Claim pending assets that no event brought; return their ids, oldest id first."""
    claimed = session.scalars(
        sa.text(_CLAIM_NEVER_TRIED.format(pending=stage.pending)),
        {"stage": stage.name, "limit": limit, "owner": owner, "now": now},
    )
    return sorted(claimed)


def claim_due(
    session: orm.Session, stage: Stage, *, limit: int, owner: int, now: datetime
) -> list[UUID]:
    """Claim parked rows whose time has come; return their ids."""
    return _claim_where(session, stage, _DUE, limit=limit, owner=owner, now=now)


def claim_condemned(
    session: orm.Session, stage: Stage, *, limit: int, owner: int, now: datetime
) -> list[UUID]:
    """Claim rows that an older producer version quarantined; return their ids."""
    return _claim_where(session, stage, _OLD_QUARANTINE, limit=limit, owner=owner, now=now)


def claim_abandoned(
    session: orm.Session, stage: Stage, *, owner: int, now: datetime
) -> UUID | None:
    """Claim one row whose process died over it, to be worked on with nothing beside it.

    The crash is counted before the work starts, because afterwards nobody may be left to do it.
    A file over which ``CRASH_LIMIT`` processes died alone is quarantined instead.
    """
    _condemn_killers(session, stage, now=now)
    claimed = _claim_where(session, stage, _ABANDONED, limit=1, owner=owner, now=now, crashes=1)
    return claimed[0] if claimed else None


def release(session: orm.Session, stage: Stage, *, owner: int, now: datetime) -> int:
    """Give back every claim of ``owner`` as it was before; return how many.

    What was to run alone stays so: running without an owner.
    """
    values = {"stage": stage.name, "owner": owner, "now": now}
    forgotten = session.scalars(sa.text(_FORGET.format(stage=stage.name)), values).all()
    restored = session.scalars(sa.text(_RESTORE), values).all()
    return len(forgotten) + len(restored)


def still_ours(
    session: orm.Session, stage: Stage, asset_ids: Sequence[UUID], *, owner: int
) -> frozenset[UUID]:
    """Lock the assets and return those whose claim stands; the others are another's work now.

    A claim ends early when the stage was cleared in between (its input changed) or taken over.
    """
    present = ledger.lock(session, asset_ids)
    held = session.scalars(
        sa.text(
            "select asset_id from asset_stages where asset_id = any(cast(:ids as uuid[]))"
            " and stage = :stage and state = 'running' and owner = :owner"
        ),
        {"ids": list(present), "stage": stage.name, "owner": owner},
    )
    return frozenset(held)


def parked_times(session: orm.Session, stage: Stage, asset_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how often each asset was parked since it was last fine."""
    rows = session.execute(
        sa.text(
            "select asset_id, parked_times from asset_stages"
            " where asset_id = any(cast(:ids as uuid[])) and stage = :stage"
        ),
        {"ids": list(asset_ids), "stage": stage.name},
    )
    return {row.asset_id: row.parked_times for row in rows}


def counts(session: orm.Session, stage: Stage) -> dict[str, int]:
    """Return the number of assets per stage state, ``pending`` included."""
    rows = session.execute(
        sa.text(
            "select state, count(*) as n from asset_stages where stage = :stage group by state"
        ),
        {"stage": stage.name},
    )
    pending = session.scalar(
        sa.text(_COUNT_PENDING.format(pending=stage.pending)), {"stage": stage.name}
    )
    return {"pending": pending or 0} | {row.state: row.n for row in rows}


def _claim_where(  # noqa: PLR0913  one statement with its values
    session: orm.Session,
    stage: Stage,
    condition: str,
    *,
    limit: int,
    owner: int,
    now: datetime,
    crashes: int = 0,
) -> list[UUID]:
    claimed = session.scalars(
        sa.text(_CLAIM_WHERE.format(condition=condition)),
        {
            "stage": stage.name,
            "version": stage.producer_version,
            "limit": limit,
            "owner": owner,
            "now": now,
            "crashes": crashes,
        },
    )
    return sorted(claimed)


def _condemn_killers(session: orm.Session, stage: Stage, *, now: datetime) -> None:
    killers = session.execute(
        sa.text(
            "select asset_id, crashes from asset_stages where stage = :stage"
            f" and {_ABANDONED} and crashes >= {CRASH_LIMIT} for update skip locked"
        ),
        {"stage": stage.name},
    ).all()
    ledger.fail(
        session,
        stage.name,
        [
            ledger.Failure(
                row.asset_id,
                f"the service died {row.crashes} times with only this file in work",
                permanent=True,
                attempts=row.crashes,
            )
            for row in killers
        ],
        version=stage.producer_version,
        now=now,
    )


_DUE = "state = 'retrying' and next_attempt_at <= :now"
_OLD_QUARANTINE = "state = 'quarantined' and producer_version < :version"
_ABANDONED = f"state = 'running' and {ownership.is_free('owner')}"

# Claims lock the photos against those who write them (`for share`): a stage that has no row yet
# leaves nothing to end the claim by, so what clears it has to be committed, and seen by the claim's
# next statements, or to begin after the claim.

_CLAIM_FRESH = sa.text("""
    insert into asset_stages as s (asset_id, stage, state, owner, updated_at)
    select a.id, :stage, 'running', :owner, :now
    from media_assets a where a.id = any(cast(:ids as uuid[])) order by a.id for share of a
    on conflict (asset_id, stage) do update set
      state = 'running', owner = excluded.owner, updated_at = excluded.updated_at
    where (s.state in ('done', 'not_applicable') and s.producer_version < :version)
      or (s.state = 'running' and s.owner = excluded.owner)
    returning s.asset_id""")

_CLAIM_NEVER_TRIED = """
    insert into asset_stages as s (asset_id, stage, state, owner, updated_at)
    select a.id, :stage, 'running', :owner, :now from media_assets a
    where {pending} and not exists (
      select from asset_stages t where t.asset_id = a.id and t.stage = :stage)
    order by a.id limit :limit for share of a skip locked
    on conflict do nothing
    returning s.asset_id"""

_CLAIM_WHERE = """
    update asset_stages s set state = 'running', owner = :owner, updated_at = :now,
      crashes = s.crashes + :crashes
    from (
      select asset_id from asset_stages where stage = :stage and {condition}
      order by next_attempt_at, asset_id limit :limit for update skip locked) as due
    where s.asset_id = due.asset_id and s.stage = :stage
    returning s.asset_id"""

_FORGET = """
    delete from asset_stages s using media_assets a
    where s.stage = :stage and s.state = 'running' and s.owner = :owner and s.error is null
      and s.crashes = 0 and a.id = s.asset_id and not a.is_{stage}
    returning s.asset_id"""

_RESTORE = """
    update asset_stages s set owner = null, updated_at = :now,
      crashes = greatest(s.crashes - 1, 0),
      state = case when s.crashes > 0 then 'running'
        when s.error is null then 'done'
        when s.next_attempt_at is null then 'quarantined' else 'retrying' end
    where s.stage = :stage and s.state = 'running' and s.owner = :owner
    returning s.asset_id"""

_COUNT_PENDING = """
    select count(*) from media_assets a where {pending} and not exists (
      select from asset_stages s where s.asset_id = a.id and s.stage = :stage)"""
