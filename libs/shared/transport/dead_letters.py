"""Payloads that no row of an asset or a job can hold, kept byte for byte until a person decides.

They are undecodable: what can be decoded fails in its own stage or job instead.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

from shared import events, ledger, models
from shared.errors import UserError
from shared.stages import stages
from shared.transport.event_reader import Record

DETAIL_LIMIT = 2_000
"""Characters of an error that are kept."""

State = Literal["open", "replayed", "dropped"]
Replayed = Literal["due", "nothing to do"]


def keep(
    session: orm.Session,
    *,
    service: str,
    record: Record,
    error: Exception | None,
    now: datetime,
) -> None:
    """Keep what ``service`` could not read; the same record again only counts one more attempt."""
    letter = pg.insert(models.DeadLetter).values(
        service=service,
        topic=record.topic,
        position=_position(record),
        key=None if record.key is None else record.key.encode(),
        value=record.value,
        headers={name: base64.b64encode(value).decode() for name, value in record.headers.items()},
        error=type(error).__name__,
        detail=ledger.clean(str(error))[:DETAIL_LIMIT],
        created_at=now,
    )
    session.execute(
        letter.on_conflict_do_update(
            index_elements=["service", "topic", "position"],
            set_={"attempts": models.DeadLetter.attempts + 1},
        )
    )


def find(
    session: orm.Session, *, state: State = "open", limit: int = 100
) -> Sequence[models.DeadLetter]:
    """Return the letters in ``state``, the newest first."""
    return session.scalars(
        sa.select(models.DeadLetter)
        .where(models.DeadLetter.state == state)
        .order_by(models.DeadLetter.created_at.desc(), models.DeadLetter.id)
        .limit(limit)
    ).all()


def replay(session: orm.Session, letter_id: UUID, *, now: datetime) -> Replayed:
    """Give the letter's asset back to the one service that could not read it.

    Returns whether its stage is due now. A job needs nothing: its row waits for its owner anyway.
    Raises UserError while this version cannot read the letter either.
    """
    letter = _open_letter(session, letter_id)
    try:
        event = events.decode(letter.value).data
    except events.UndecodableError as error:
        raise UserError(
            f"dead letter {letter_id} still cannot be read: {error}",
            "update photofactory and try again, or drop it",
        ) from error
    letter.state, letter.replayed_at = "replayed", now
    is_due = _make_due(session, letter.service, event, now=now)
    return "due" if is_due else "nothing to do"


def drop(session: orm.Session, letter_id: UUID) -> None:
    """Close a letter for good; its bytes stay."""
    _open_letter(session, letter_id).state = "dropped"


def _open_letter(session: orm.Session, letter_id: UUID) -> models.DeadLetter:
    letter = session.get(models.DeadLetter, letter_id, with_for_update=True)
    if letter is None or letter.state != "open":
        what = "is not known" if letter is None else f"is {letter.state} already"
        raise UserError(f"dead letter {letter_id} {what}", "./photofactory dead-letters lists them")
    return letter


def _make_due(session: orm.Session, service: str, event: events.Event, *, now: datetime) -> bool:
    asset_id = event.subject_asset
    stage = next((stage for stage in stages.STAGES if stage.service == service), None)
    if stage is None or asset_id is None:
        return False
    is_pending = session.scalar(
        sa.text(f"select true from media_assets a where a.id = :id and {stage.pending}"),
        {"id": asset_id},
    )
    if is_pending:
        ledger.clear(session, stage.name, [asset_id], now=now)
    return bool(is_pending)


def _position(record: Record) -> str:
    """Return what tells this record from all others, also after the broker was wiped."""
    digest = hashlib.sha256(record.value or b"").hexdigest()[:12]
    return f"{record.partition}/{record.position}/{digest}"
