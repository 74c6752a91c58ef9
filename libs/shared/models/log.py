"""The event log, its readers, the health of services, and who this ledger is."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from typing_extensions import override

from shared.models.base import Base, Created, Json, UuidKey, one_of


class Xid8(sa.types.UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    @override
    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return "xid8"


class Ledger(Base):
    """The one row that says which ledger this is and in which epoch its log runs."""

    __tablename__ = "ledger"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True, server_default=sa.text("1"))
    ledger_id: orm.Mapped[UUID]
    epoch: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("1"))
    system_identifier: orm.Mapped[str]
    default_zone: orm.Mapped[str | None]
    frozen_reason: orm.Mapped[str | None]
    created_at: orm.Mapped[Created]

    __table_args__ = (sa.CheckConstraint("id = 1", name="single"),)


class EventLog(Base):
    """One event: transactional outbox, permanent history of the asset, log of laptop mode."""

    __tablename__ = "event_log"

    epoch: orm.Mapped[int] = orm.mapped_column(primary_key=True, autoincrement=False)
    xid: orm.Mapped[int] = orm.mapped_column(
        Xid8(),
        primary_key=True,
        autoincrement=False,
        server_default=sa.text("pg_current_xact_id()"),
    )
    id: orm.Mapped[int] = orm.mapped_column(
        sa.BigInteger, sa.Identity(always=True), primary_key=True
    )
    event_id: orm.Mapped[UUID] = orm.mapped_column(unique=True)
    topic: orm.Mapped[str]
    key: orm.Mapped[str]
    asset_id: orm.Mapped[UUID | None] = orm.mapped_column(index=True)
    time: orm.Mapped[datetime]
    payload: orm.Mapped[dict[str, Json]] = orm.mapped_column("data")
    headers: orm.Mapped[dict[str, Json]] = orm.mapped_column(server_default=sa.text("'{}'::jsonb"))

    __table_args__ = (
        sa.Index("idx_event_log_topic", "topic", "epoch", "xid", "id"),
        sa.Index(
            "idx_event_log_companions",
            "time",
            postgresql_where=sa.text(
                "topic = 'media.asset.redated' and data ->> 'reason' like 'companion:%'"
            ),
        ),
    )


class EventCursor(Base):
    """How far one consumer group has read one topic: everything at or below is done."""

    __tablename__ = "event_cursors"

    group_name: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    topic: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    epoch: orm.Mapped[int]
    xid: orm.Mapped[int] = orm.mapped_column(Xid8())
    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    updated_at: orm.Mapped[Created]


class RelayPosition(Base):
    """What the broker acknowledged last, so that a wiped broker is noticed."""

    __tablename__ = "relay_positions"

    cluster_id: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    topic: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    partition: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    acknowledged_offset: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    updated_at: orm.Mapped[Created]


class DeadLetter(Base):
    """A payload that no asset or job row can hold, kept byte for byte."""

    __tablename__ = "dead_letters"

    id: orm.Mapped[UuidKey]
    service: orm.Mapped[str]
    topic: orm.Mapped[str]
    position: orm.Mapped[str]
    key: orm.Mapped[bytes | None]
    value: orm.Mapped[bytes | None]
    headers: orm.Mapped[dict[str, Json]] = orm.mapped_column(server_default=sa.text("'{}'::jsonb"))
    error: orm.Mapped[str]
    detail: orm.Mapped[str | None]
    attempts: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("1"))
    state: orm.Mapped[str] = orm.mapped_column(server_default="open")
    created_at: orm.Mapped[Created]
    replayed_at: orm.Mapped[datetime | None]

    __table_args__ = (
        one_of("state", "open", "replayed", "dropped"),
        sa.UniqueConstraint("service", "topic", "position"),
    )


class SystemStatus(Base):
    """The latest heartbeat of every service, updated in place."""

    __tablename__ = "system_status"

    service_name: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    last_heartbeat: orm.Mapped[Created]
    status: orm.Mapped[str] = orm.mapped_column(sa.String(16), server_default="OK")
    current_task: orm.Mapped[str | None]
    updated_at: orm.Mapped[Created]
    interval_s: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("30"))

    __table_args__ = (one_of("status", "OK", "ERROR", "WARNING"),)


class SystemStatusHistory(Base):
    """One row per heartbeat, kept for 60 days."""

    __tablename__ = "system_status_history"

    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    service_name: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    status: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    current_task: orm.Mapped[str | None]
    heartbeat_timestamp: orm.Mapped[datetime]
    created_at: orm.Mapped[Created]

    __table_args__ = (
        sa.Index(
            "idx_system_status_history_service_timestamp", "service_name", "heartbeat_timestamp"
        ),
    )
