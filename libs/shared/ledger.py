"""The only writer of stage results: stages, flags, errors, revision and events in one go.

Every call works on a batch in the caller's transaction: the asset rows are locked in id order,
the stages change, then a following statement recomputes flag, time, ``has_errors``,
``error_message`` and ``revision`` of the rows that changed. Only those get an event, so a
repeated call changes nothing and tells nothing (rules: writing the ledger).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from shared import event_log, events
from shared.models import assets

ERROR_LIMIT = 2_000
"""Characters of an error that are kept."""


@dataclass(frozen=True, slots=True)
class Done:
    """A stage is done for an asset; the event's ``revision`` is set by the ledger."""

    asset_id: UUID
    event: events.Event | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A stage failed: quarantined when ``permanent``, else due again at ``next_attempt_at``."""

    asset_id: UUID
    error: str
    permanent: bool
    next_attempt_at: datetime | None = None
    attempts: int = 1

    @property
    def state(self) -> str:
        """The stage state that follows."""
        return "quarantined" if self.permanent else "retrying"


def lock(session: orm.Session, asset_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Lock the asset rows in id order; return the revision of those that exist."""
    rows = session.execute(
        sa.text(
            "select id, revision from media_assets where id = any(cast(:ids as uuid[]))"
            " order by id for no key update"
        ),
        {"ids": list(asset_ids)},
    )
    return {row.id: row.revision for row in rows}


def complete(
    session: orm.Session, stage: str, done: Sequence[Done], *, version: int, now: datetime
) -> frozenset[UUID]:
    """Mark a stage done, its flag and time set together; return the ids that changed.

    Nothing changes for an asset that is gone, or done by this or a newer producer version.
    """
    if not done:
        return frozenset()
    present = lock(session, [each.asset_id for each in done])
    changed = session.scalars(
        _COMPLETE, {"ids": list(present), "stage": stage, "version": version, "now": now}
    ).all()
    revisions = _apply(session, changed, stage=stage, flag=True, now=now)
    by_id = {each.asset_id: each.event for each in done if each.event is not None}
    told = {asset_id: by_id[asset_id] for asset_id in revisions if asset_id in by_id}
    _tell(session, told, revisions, now=now)
    return frozenset(revisions)


def fail(
    session: orm.Session, stage: str, failures: Sequence[Failure], *, version: int, now: datetime
) -> frozenset[UUID]:
    """Park or quarantine a stage of assets; return the ids that changed.

    The flag stays as it is: an older output is still there. A row that is done, or already
    quarantined, by this or a newer producer version does not change.
    """
    if not failures:
        return frozenset()
    present = lock(session, [each.asset_id for each in failures])
    rows = sorted({f.asset_id: f for f in failures if f.asset_id in present}.values(), key=_id)
    written = session.execute(
        _FAIL,
        {
            "stage": stage,
            "version": version,
            "now": now,
            "ids": [row.asset_id for row in rows],
            "states": [row.state for row in rows],
            "errors": [clean(row.error) for row in rows],
            "attempts": [row.attempts for row in rows],
            "next": [row.next_attempt_at for row in rows],
        },
    ).all()
    revisions = _apply(session, [row.asset_id for row in written], stage=stage, flag=None, now=now)
    quarantined: dict[UUID, events.Event] = {
        row.asset_id: events.AssetQuarantinedV1(
            asset_id=row.asset_id,
            revision=0,
            stage=stage,
            error=row.error,
            attempts=row.attempts,
        )
        for row in written
        if row.state == "quarantined"
    }
    _tell(session, quarantined, revisions, now=now)
    return frozenset(revisions)


def not_applicable(
    session: orm.Session, stage: str, asset_ids: Sequence[UUID], *, version: int, now: datetime
) -> frozenset[UUID]:
    """Say that a stage has nothing to do for these assets; return the ids that changed.

    An asset whose flag is set stays done.
    """
    if not asset_ids:
        return frozenset()
    present = lock(session, asset_ids)
    changed = session.scalars(
        sa.text(_NOT_APPLICABLE.format(stage=_known(stage))),
        {"ids": list(present), "stage": stage, "version": version, "now": now},
    ).all()
    return frozenset(_apply(session, changed, stage=stage, flag=None, now=now))


def clear(
    session: orm.Session, stage: str, asset_ids: Sequence[UUID], *, now: datetime
) -> frozenset[UUID]:
    """Make a stage pending again, flag and time off; return the ids that changed."""
    present = lock(session, asset_ids)
    gone = session.scalars(_FORGET, {"ids": list(present), "stage": stage}).all()
    flagged = session.scalars(
        sa.text(
            f"select id from media_assets where id = any(cast(:ids as uuid[]))"
            f" and is_{_known(stage)}"
        ),
        {"ids": list(present)},
    ).all()
    changed = sorted({*gone, *flagged})
    return frozenset(_apply(session, changed, stage=stage, flag=False, now=now))


def retry(
    session: orm.Session, stage: str, *, now: datetime, asset_ids: Sequence[UUID] | None = None
) -> frozenset[UUID]:
    """Make what is parked or quarantined pending again, of all assets or of some; return the ids.

    The sweeper takes them within seconds.
    """
    failing = session.scalars(
        _FAILING, {"stage": stage, "ids": None if asset_ids is None else list(asset_ids)}
    ).all()
    present = lock(session, failing)
    gone = session.scalars(_FORGET_FAILING, {"ids": list(present), "stage": stage}).all()
    return frozenset(_apply(session, gone, stage=stage, flag=None, now=now))


def refresh_errors(session: orm.Session, asset_ids: Sequence[UUID], *, now: datetime) -> None:
    """Recompute the errors of assets after ``damage`` changed; raises their revision."""
    present = lock(session, asset_ids)
    _apply(session, list(present), stage=None, flag=None, now=now)


def clean(text: str) -> str:
    """Return ``text`` as PostgreSQL accepts it: no NUL, no lone surrogate, at most 2,000 long."""
    kept = text.replace("\0", "\ufffd")[:ERROR_LIMIT]
    return kept.encode("utf-8", "replace").decode("utf-8")


def _apply(
    session: orm.Session,
    changed: Sequence[UUID],
    *,
    stage: str | None,
    flag: bool | None,
    now: datetime,
) -> dict[UUID, int]:
    """Recompute what follows from the stages of changed rows; return their new revisions."""
    if not changed:
        return {}
    flags = ""
    if stage is not None and flag is not None:
        when = "cast(:now as timestamptz)" if flag else "null"
        flags = f"is_{_known(stage)} = {str(flag).lower()}, {stage}_at = {when},"
    rows = session.execute(
        sa.text(_RECOMPUTE.format(flags=flags)),
        {"ids": list(changed)} | ({"now": now} if flag else {}),
    )
    return {row.id: row.revision for row in rows}


def _tell(
    session: orm.Session,
    by_id: Mapping[UUID, events.Event],
    revisions: Mapping[UUID, int],
    *,
    now: datetime,
) -> None:
    told = [
        event.model_copy(update={"revision": revisions[asset_id]})
        for asset_id, event in sorted(by_id.items())
    ]
    if told:
        event_log.append(session, told, now=now)


def _known(stage: str) -> str:
    if stage not in assets.STAGES:
        raise ValueError(f"unknown stage {stage!r}")
    return stage


def _id(failure: Failure) -> UUID:
    return failure.asset_id


_IDS = "unnest(cast(:ids as uuid[])) as i(id)"
_RESET = "attempts = 0, parked_times = 0, crashes = 0, error = null, next_attempt_at = null"

_COMPLETE: Any = sa.text(f"""
    insert into asset_stages as s (asset_id, stage, state, producer_version, updated_at)
    select id, :stage, 'done', :version, :now from {_IDS}
    on conflict (asset_id, stage) do update set
      state = 'done', {_RESET}, owner = null,
      producer_version = excluded.producer_version, updated_at = excluded.updated_at
    where not (s.state = 'done' and s.producer_version >= excluded.producer_version)
    returning s.asset_id""")

_FAIL: Any = sa.text("""
    insert into asset_stages as s (asset_id, stage, state, attempts, parked_times, error,
      next_attempt_at, producer_version, updated_at)
    select id, :stage, state, attempts, (state = 'retrying')::int, error, next_attempt_at,
      :version, :now
    from unnest(cast(:ids as uuid[]), cast(:states as text[]), cast(:errors as text[]),
      cast(:attempts as int[]), cast(:next as timestamptz[]))
      as i(id, state, error, attempts, next_attempt_at)
    on conflict (asset_id, stage) do update set
      state = excluded.state, attempts = s.attempts + excluded.attempts,
      parked_times = s.parked_times + excluded.parked_times, crashes = 0,
      error = excluded.error, next_attempt_at = excluded.next_attempt_at, owner = null,
      producer_version = excluded.producer_version, updated_at = excluded.updated_at
    where not (s.state = 'done' and s.producer_version >= excluded.producer_version)
      and not (s.state = 'quarantined' and excluded.state = 'quarantined'
        and s.producer_version >= excluded.producer_version)
    returning s.asset_id, s.state, s.error, s.attempts""")

_NOT_APPLICABLE = f"""
    insert into asset_stages as s (asset_id, stage, state, producer_version, updated_at)
    select id, :stage, 'not_applicable', :version, :now from {_IDS}
    where not exists (select from media_assets a where a.id = i.id and a.is_{{stage}})
    on conflict (asset_id, stage) do update set
      state = 'not_applicable', {_RESET}, owner = null,
      producer_version = excluded.producer_version, updated_at = excluded.updated_at
    where not (s.state = 'not_applicable' and s.producer_version >= excluded.producer_version)
    returning s.asset_id"""

_FORGET: Any = sa.text(
    "delete from asset_stages where asset_id = any(cast(:ids as uuid[])) and stage = :stage"
    " returning asset_id"
)

_FAILING: Any = sa.text(
    "select asset_id from asset_stages where stage = :stage"
    " and state in ('retrying', 'quarantined')"
    " and (cast(:ids as uuid[]) is null or asset_id = any(cast(:ids as uuid[])))"
)

_FORGET_FAILING: Any = sa.text(
    "delete from asset_stages where asset_id = any(cast(:ids as uuid[])) and stage = :stage"
    " and state in ('retrying', 'quarantined') returning asset_id"
)

_RECOMPUTE = """
    update media_assets a set {flags}
      revision = a.revision + 1,
      has_errors = coalesce(a.damage, e.failed) is not null,
      error_message = nullif(concat_ws('; ', 'original: ' || a.damage, e.failed), '')
    from unnest(cast(:ids as uuid[])) as i(id)
    cross join lateral (
      select string_agg(s.stage || ': ' || s.error, '; ' order by s.stage) as failed
      from asset_stages s where s.asset_id = i.id and s.error is not null) e
    where a.id = i.id
    returning a.id, a.revision"""
