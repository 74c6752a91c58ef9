"""The SQL of the commands: what a person lists, tries again, or lets go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from dashboard import library_queries
from shared import models

File, Source, Stage, Asset = models.File, models.Source, models.AssetStage, models.MediaAsset


RELEASED: Final = "released by a person"


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that was met and kept out of the library."""

    id: UUID
    source_path: str
    path: bytes
    display_path: str
    is_inbox: bool
    outcome: str | None
    reason: str | None
    detail: str | None
    size_bytes: int
    first_seen_at: datetime

    @property
    def full_path(self) -> str:
        """Return where it lies, for people."""
        return f"{self.source_path.rstrip('/')}/{self.display_path}"

    @property
    def is_waiting(self) -> bool:
        """Return whether it is tried again by itself."""
        return self.outcome is None


@dataclass(frozen=True, slots=True)
class HeldStage:
    """A stage of a photo that failed."""

    asset_id: UUID
    name: str
    stage: str
    state: str
    error: str | None
    attempts: int


def held_files(
    session: orm.Session,
    outcomes: Sequence[str],
    *,
    with_waiting: bool = False,
    with_released: bool = False,
) -> list[HeldFile]:
    """Return the live files with these outcomes and, if asked for, those that wait, by path.

    So those that a person has released before.
    """
    condition: sa.ColumnElement[bool] = File.outcome.in_(outcomes)
    if with_waiting:
        condition |= library_queries.is_waiting()
    if with_released:
        condition |= (File.outcome == "ignored") & (File.reason == RELEASED)
    rows = session.execute(
        sa.select(
            File.id,
            Source.source_path,
            File.path,
            File.display_path,
            Source.auto_import.label("is_inbox"),
            File.outcome,
            File.reason,
            File.detail,
            File.size_bytes,
            File.first_seen_at,
        )
        .join(Source, Source.id == File.source_id)
        .where(File.superseded_at.is_(None), condition)
        .order_by(Source.source_path, File.display_path)
    )
    return [HeldFile(**row) for row in rows.mappings()]


def held_stages(
    session: orm.Session, *, stage: str | None = None, reason: str | None = None,
    states: Sequence[str] = ("retrying", "quarantined"),
) -> list[HeldStage]:  # fmt: skip
    """Return failed stages, of one stage and with ``reason`` in the error where given."""
    query = (
        sa.select(Stage.asset_id, Asset.original_name, Stage.stage, Stage.state, Stage.error,
                  Stage.attempts)
        .join(Asset, Asset.id == Stage.asset_id)
        .where(Stage.state.in_(states))
        .order_by(Stage.stage, Asset.original_name)
    )  # fmt: skip
    if stage:
        query = query.where(Stage.stage == stage)
    if reason:
        query = query.where(Stage.error.icontains(reason, autoescape=True))
    return [HeldStage(*row) for row in session.execute(query)]


def forget_decision(session: orm.Session, file_ids: Sequence[UUID]) -> int:
    """Make decided files undecided, so that the next scan or job tries them; return how many."""
    changed = session.execute(
        sa.update(File)
        .where(File.id.in_(file_ids), File.superseded_at.is_(None))
        .values(
            outcome=None, reason=None, detail=None, owner=None, next_attempt_at=None, attempts=0
        )
        .returning(File.id)
    )
    return len(changed.all())


def release_files(session: orm.Session, file_ids: Sequence[UUID], now: datetime) -> int:
    """Take files off the list: they stay where they are, ignored because a person said so."""
    changed = session.execute(
        sa.update(File)
        .where(File.id.in_(file_ids), File.superseded_at.is_(None))
        .values(outcome="ignored", reason=RELEASED, detail=None, decided_at=now)
        .returning(File.id)
    )
    return len(changed.all())
