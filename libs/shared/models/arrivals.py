"""How photos come in: roots, sources, every file met there, filings in progress, jobs."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from shared.models.base import Base, Created, Json, UuidKey, one_of

OUTCOMES = (
    "filed", "companion", "duplicate", "ignored", "quarantined", "failed", "vanished",
)  # fmt: skip
JOB_STATES = (
    "pending", "running", "paused", "completed", "failed", "cancelled", "halted",
)  # fmt: skip


class Root(Base):
    """A folder tree that we know and recognise."""

    __tablename__ = "roots"

    id: orm.Mapped[UuidKey]
    kind: orm.Mapped[str]
    path: orm.Mapped[str]
    root_key: orm.Mapped[str] = orm.mapped_column(unique=True)
    is_marked: orm.Mapped[bool]
    state: orm.Mapped[str] = orm.mapped_column(server_default="online")
    state_reason: orm.Mapped[str | None]
    capabilities: orm.Mapped[dict[str, Json] | None]
    added_at: orm.Mapped[Created]
    checked_at: orm.Mapped[datetime | None]

    __table_args__ = (
        one_of(
            "kind",
            "originals", "derivatives", "backup", "inbox", "source", "managed", "collection",
        ),
        one_of("state", "online", "offline", "frozen"),
    )  # fmt: skip


class Catalog(Base):
    """A named selection of assets with a managed directory; the built-in one is Library."""

    __tablename__ = "catalogs"

    id: orm.Mapped[UuidKey]
    name: orm.Mapped[str]
    managed_directory: orm.Mapped[str | None]
    root_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("roots.id"))
    default_organization_strategy: orm.Mapped[str] = orm.mapped_column(
        server_default="YEAR_SLASH_MONTH_DAY"
    )
    created_at: orm.Mapped[Created]


class Source(Base):
    """Where files come from; an inbox is a source that imports by itself."""

    __tablename__ = "sources"

    id: orm.Mapped[UuidKey]
    catalog_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("catalogs.id", ondelete="cascade"), index=True
    )
    root_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("roots.id"))
    name: orm.Mapped[str]
    source_type: orm.Mapped[str] = orm.mapped_column(server_default="directory")
    source_path: orm.Mapped[str]
    auto_import: orm.Mapped[bool] = orm.mapped_column(server_default=sa.false())
    default_import_mode: orm.Mapped[str] = orm.mapped_column(server_default="reference")
    default_organization_strategy: orm.Mapped[str | None]
    duplicate_policy: orm.Mapped[str] = orm.mapped_column(server_default="keep")
    scan_interval_s: orm.Mapped[int | None]
    watching: orm.Mapped[str | None]
    watching_reason: orm.Mapped[str | None]
    waiting: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("0"))
    unreadable: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("0"))
    last_scanned_at: orm.Mapped[datetime | None]
    deleted_at: orm.Mapped[datetime | None]
    created_at: orm.Mapped[Created]

    __table_args__ = (
        one_of("source_type", "directory", "device", "url", "cloud"),
        one_of("default_import_mode", "reference", "copy", "move"),
        one_of("duplicate_policy", "keep", "remove"),
        one_of("watching", "native", "polling"),
    )


class Job(Base):
    """Something a person or a service asked for; its owner works it off."""

    __tablename__ = "jobs"

    id: orm.Mapped[UuidKey]
    type: orm.Mapped[str]
    state: orm.Mapped[str] = orm.mapped_column(server_default="pending")
    params: orm.Mapped[dict[str, Json]] = orm.mapped_column(server_default=sa.text("'{}'::jsonb"))
    result: orm.Mapped[dict[str, Json] | None]
    error: orm.Mapped[str | None]
    owner: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    undoes_job_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("jobs.id"))
    created_at: orm.Mapped[Created]
    started_at: orm.Mapped[datetime | None]
    completed_at: orm.Mapped[datetime | None]

    __table_args__ = (
        one_of("state", *JOB_STATES),
        sa.Index(
            "idx_jobs_open",
            "type",
            "created_at",
            postgresql_where=sa.text("state in ('pending', 'running', 'paused')"),
        ),
    )


class File(Base):
    """One occurrence: a file met at a path of a source, with what became of it."""

    __tablename__ = "files"

    id: orm.Mapped[UuidKey]
    source_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("sources.id"))
    path: orm.Mapped[bytes]
    display_path: orm.Mapped[str]
    original_name: orm.Mapped[str]
    size_bytes: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    mtime_ns: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    outcome: orm.Mapped[str | None]
    reason: orm.Mapped[str | None]
    detail: orm.Mapped[str | None]
    file_hash: orm.Mapped[str | None]
    asset_id: orm.Mapped[UUID | None] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="set null"), index=True
    )
    job_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("jobs.id"), index=True)
    owner: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    attempts: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("0"))
    next_attempt_at: orm.Mapped[datetime | None]
    source_removed_at: orm.Mapped[datetime | None]
    first_seen_at: orm.Mapped[Created]
    decided_at: orm.Mapped[datetime | None]
    superseded_at: orm.Mapped[datetime | None]

    __table_args__ = (
        one_of("outcome", *OUTCOMES),
        sa.Index(
            "uq_files_live",
            "source_id",
            "path",
            unique=True,
            postgresql_where=sa.text("superseded_at is null"),
        ),
        sa.Index(
            "idx_files_outcome",
            "outcome",
            "decided_at",
            postgresql_where=sa.text("superseded_at is null"),
        ),
        sa.Index("idx_files_file_hash", "file_hash"),
    )


class Filing(Base):
    """One filing in progress: the hash and the name that it reserves until it is recorded.

    A photo reserves its content, a sidecar (its record has a link) its content beside its photo.
    The transaction that records the asset (or gives the filing up) deletes the row.
    """

    __tablename__ = "filings"

    id: orm.Mapped[UuidKey]
    file_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("files.id"), unique=True)
    catalog_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("catalogs.id"))
    asset_id: orm.Mapped[UUID]
    file_hash: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    size_bytes: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    root_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("roots.id"))
    relative_path: orm.Mapped[str]
    path_key: orm.Mapped[str]
    temporary_name: orm.Mapped[str]
    record: orm.Mapped[dict[str, Json]]
    owner: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    epoch: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("1"))
    opened_at: orm.Mapped[Created]

    __table_args__ = (
        sa.UniqueConstraint("root_id", "path_key"),
        sa.Index(
            "uq_filings_photo",
            "catalog_id",
            "file_hash",
            unique=True,
            postgresql_where=sa.text("record -> 'link' is null"),
        ),
        sa.Index(
            "uq_filings_sidecar",
            "asset_id",
            "file_hash",
            unique=True,
            postgresql_where=sa.text("record -> 'link' is not null"),
        ),
    )


class JobFile(Base):
    """One file of a job; a job's counts are derived from these rows."""

    __tablename__ = "job_files"

    job_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("jobs.id", ondelete="cascade"), primary_key=True
    )
    file_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("files.id", ondelete="cascade"), primary_key=True
    )
    outcome: orm.Mapped[str | None]
    reason: orm.Mapped[str | None]
    detail: orm.Mapped[str | None]
    target_path: orm.Mapped[str | None]
    attempts: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("0"))

    __table_args__ = (one_of("outcome", *OUTCOMES), sa.Index("idx_job_files_file_id", "file_id"))


class JobAsset(Base):
    """What a job (redate, clock-fix, move) changed about one asset, so that it can be undone."""

    __tablename__ = "job_assets"

    job_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("jobs.id", ondelete="cascade"), primary_key=True
    )
    asset_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), primary_key=True
    )
    before: orm.Mapped[dict[str, Json]]
    after: orm.Mapped[dict[str, Json]]
    state: orm.Mapped[str]

    __table_args__ = (one_of("state", "planned", "applied", "skipped", "undone"),)
