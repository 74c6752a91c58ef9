"""One content, one row: ``media_assets`` and the facts that services hang on it."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from shared.models.base import Base, Created, Json, UuidKey, one_of

STAGES = ("geocoded", "thumbnailed", "curated", "backed_up", "analyzed")
"""Every stage has a flag ``is_<stage>`` and a time ``<stage>_at``; they never disagree."""

STAGE_STATES = ("running", "done", "not_applicable", "retrying", "quarantined")
"""A stage without a row is pending."""

LINK_KINDS = ("live_photo", "motion_photo", "raw_jpeg", "complete", "xmp", "aae", "takeout")


class MediaAsset(Base):
    """One content (SHA-256), filed once; identity of the picture everywhere."""

    __tablename__ = "media_assets"

    id: orm.Mapped[UuidKey]
    file_hash: orm.Mapped[str] = orm.mapped_column(sa.String(64), unique=True)
    original_name: orm.Mapped[str] = orm.mapped_column(sa.String(512))
    original_path: orm.Mapped[str]
    final_path: orm.Mapped[str] = orm.mapped_column(unique=True)
    size_bytes: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    captured_at: orm.Mapped[datetime | None] = orm.mapped_column(index=True)
    ingested_at: orm.Mapped[Created] = orm.mapped_column(index=True)
    location: orm.Mapped[dict[str, Json] | None]
    is_ingested: orm.Mapped[bool] = orm.mapped_column(server_default=sa.true())
    is_geocoded: orm.Mapped[bool] = orm.mapped_column(server_default=sa.false(), index=True)
    is_thumbnailed: orm.Mapped[bool] = orm.mapped_column(server_default=sa.false())
    is_curated: orm.Mapped[bool] = orm.mapped_column(server_default=sa.false())
    is_backed_up: orm.Mapped[bool] = orm.mapped_column(server_default=sa.false(), index=True)
    is_analyzed: orm.Mapped[bool] = orm.mapped_column(server_default=sa.false())
    has_errors: orm.Mapped[bool] = orm.mapped_column(server_default=sa.false(), index=True)
    error_message: orm.Mapped[str | None]
    geocoded_at: orm.Mapped[datetime | None]
    thumbnailed_at: orm.Mapped[datetime | None]
    curated_at: orm.Mapped[datetime | None]
    backed_up_at: orm.Mapped[datetime | None]
    analyzed_at: orm.Mapped[datetime | None]
    created_at: orm.Mapped[Created]

    root_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("roots.id"))
    relative_path: orm.Mapped[str | None]
    path_key: orm.Mapped[str | None]
    revision: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("1"))
    removed_at: orm.Mapped[datetime | None]
    width: orm.Mapped[int | None]
    height: orm.Mapped[int | None]
    captured_local: orm.Mapped[datetime | None] = orm.mapped_column(sa.DateTime(timezone=False))
    utc_offset_minutes: orm.Mapped[int | None] = orm.mapped_column(sa.SmallInteger)
    offset_source: orm.Mapped[str] = orm.mapped_column(server_default="none")
    captured_at_source: orm.Mapped[str | None]
    date_confidence: orm.Mapped[str] = orm.mapped_column(server_default="none")
    facts: orm.Mapped[dict[str, Json] | None] = orm.mapped_column("metadata")
    media_type: orm.Mapped[str | None]
    mime_type: orm.Mapped[str | None]
    damage: orm.Mapped[str | None]

    __table_args__ = (
        sa.UniqueConstraint("root_id", "path_key"),
        sa.UniqueConstraint("id", "file_hash"),
        sa.CheckConstraint("file_hash ~ '^[0-9a-f]{64}$'", name="file_hash"),
        sa.CheckConstraint("size_bytes > 0", name="size_bytes"),
        sa.CheckConstraint("is_ingested", name="is_ingested"),
        sa.CheckConstraint("has_errors = (error_message is not null)", name="has_errors"),
        sa.CheckConstraint(
            "location is null or (location ?& array['lat', 'lon']"
            " and location - array['lat', 'lon'] = '{}'::jsonb"
            " and jsonb_typeof(location -> 'lat') = 'number'"
            " and jsonb_typeof(location -> 'lon') = 'number'"
            " and (location ->> 'lat')::float8 between -90 and 90"
            " and (location ->> 'lon')::float8 between -180 and 180)",
            name="location",
        ),
        one_of("offset_source", "tag", "gps", "utc_delta", "default", "manual", "none"),
        one_of("date_confidence", "high", "medium", "low", "none"),
        one_of("media_type", "image", "video"),
        *(
            sa.CheckConstraint(f"is_{stage} = ({stage}_at is not null)", name=f"is_{stage}")
            for stage in STAGES
        ),
        *(
            sa.Index(
                f"idx_media_assets_pending_{stage}",
                "id",
                postgresql_where=sa.text(f"not is_{stage}"),
            )
            for stage in STAGES
            if stage != "curated"
        ),
        sa.Index("idx_media_assets_damage", "id", postgresql_where=sa.text("damage is not null")),
        sa.Index(
            "idx_media_assets_live_photo_id",
            sa.text("(metadata ->> 'live_photo_id')"),
            postgresql_where=sa.text("metadata ->> 'live_photo_id' is not null"),
        ),
    )


class AssetStage(Base):
    """What one stage knows about one asset; written by ``shared.ledger`` alone."""

    __tablename__ = "asset_stages"

    asset_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), primary_key=True
    )
    stage: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    state: orm.Mapped[str]
    attempts: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("0"))
    parked_times: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("0"))
    error: orm.Mapped[str | None]
    next_attempt_at: orm.Mapped[datetime | None]
    owner: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    crashes: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("0"))
    producer_version: orm.Mapped[int] = orm.mapped_column(server_default=sa.text("0"))
    updated_at: orm.Mapped[Created]

    __table_args__ = (
        one_of("state", *STAGE_STATES),
        sa.Index(
            "idx_asset_stages_due",
            "stage",
            "next_attempt_at",
            postgresql_where=sa.text("state in ('retrying', 'running', 'quarantined')"),
        ),
    )


class AssetLocation(Base):
    """A position found or corrected after filing; the current one wins over the photo's own."""

    __tablename__ = "asset_locations"

    id: orm.Mapped[UuidKey]
    asset_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), index=True
    )
    latitude: orm.Mapped[float]
    longitude: orm.Mapped[float]
    source: orm.Mapped[str]
    decided_at: orm.Mapped[Created]
    current: orm.Mapped[bool] = orm.mapped_column(server_default=sa.true())

    __table_args__ = (
        sa.CheckConstraint("latitude between -90 and 90", name="latitude"),
        sa.CheckConstraint("longitude between -180 and 180", name="longitude"),
        sa.Index(
            "uq_asset_locations_current",
            "asset_id",
            unique=True,
            postgresql_where=sa.text("current"),
        ),
    )


class AssetDate(Base):
    """The evidence of a capture time: every candidate with its verdict, and what overrides it."""

    __tablename__ = "asset_dates"

    asset_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), primary_key=True
    )
    candidates: orm.Mapped[list[Json]]
    time_known: orm.Mapped[bool]
    conflict: orm.Mapped[bool]
    suspicious: orm.Mapped[bool]
    reasons: orm.Mapped[list[Json]] = orm.mapped_column(server_default=sa.text("'[]'::jsonb"))
    rule_version: orm.Mapped[int]
    mtime_ns: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    arrived_at: orm.Mapped[datetime]
    companions: orm.Mapped[list[Json]] = orm.mapped_column(server_default=sa.text("'[]'::jsonb"))
    override: orm.Mapped[dict[str, Json] | None]
    decided_at: orm.Mapped[Created]


class OwedRecord(Base):
    """An asset of which the ledger knows more than the record of its folder, until that is told.

    A change of the asset and its row here are one transaction; `note` is another after each change.
    """

    __tablename__ = "owed_records"

    asset_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), primary_key=True
    )
    note: orm.Mapped[UUID] = orm.mapped_column(server_default=sa.text("gen_random_uuid()"))


class AssetLink(Base):
    """A companion of an asset: another asset (Live Photo, RAW+JPEG) or a filed sidecar."""

    __tablename__ = "asset_links"

    id: orm.Mapped[UuidKey]
    asset_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), index=True
    )
    kind: orm.Mapped[str]
    linked_asset_id: orm.Mapped[UUID | None] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), index=True
    )
    root_id: orm.Mapped[UUID | None] = orm.mapped_column(sa.ForeignKey("roots.id"))
    relative_path: orm.Mapped[str | None]
    path_key: orm.Mapped[str | None]
    file_hash: orm.Mapped[str | None]
    size_bytes: orm.Mapped[int | None] = orm.mapped_column(sa.BigInteger)
    original_name: orm.Mapped[str | None]
    original_path: orm.Mapped[str | None]
    evidence: orm.Mapped[str | None]
    created_at: orm.Mapped[Created]

    __table_args__ = (
        one_of("kind", *LINK_KINDS),
        sa.UniqueConstraint("asset_id", "kind", "linked_asset_id"),
        sa.UniqueConstraint("asset_id", "kind", "file_hash"),
        sa.UniqueConstraint("root_id", "path_key"),
        sa.CheckConstraint(
            "(linked_asset_id is not null) <> (file_hash is not null)", name="target"
        ),
    )


class AssetPlace(Base):
    """Where a photo was taken, in words; written by the geocoder."""

    __tablename__ = "asset_places"

    asset_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), primary_key=True
    )
    latitude: orm.Mapped[float]
    longitude: orm.Mapped[float]
    country_code: orm.Mapped[str | None]
    country: orm.Mapped[str | None]
    region: orm.Mapped[str | None]
    city: orm.Mapped[str | None]
    distance_m: orm.Mapped[float | None]
    time_zone: orm.Mapped[str | None]
    data_version: orm.Mapped[str]
    updated_at: orm.Mapped[Created]


class AssetRendition(Base):
    """One derived picture; can be made again at any time."""

    __tablename__ = "asset_renditions"

    asset_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), primary_key=True
    )
    kind: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    root_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("roots.id"))
    relative_path: orm.Mapped[str]
    mime_type: orm.Mapped[str]
    width: orm.Mapped[int]
    height: orm.Mapped[int]
    size_bytes: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    producer_version: orm.Mapped[int]
    updated_at: orm.Mapped[Created]

    __table_args__ = (one_of("kind", "thumbnail", "preview"),)


class BackupTarget(Base):
    """Where copies go."""

    __tablename__ = "backup_targets"

    id: orm.Mapped[UuidKey]
    name: orm.Mapped[str] = orm.mapped_column(unique=True)
    root_id: orm.Mapped[UUID] = orm.mapped_column(sa.ForeignKey("roots.id"), unique=True)
    is_same_disk: orm.Mapped[bool]
    is_active: orm.Mapped[bool] = orm.mapped_column(server_default=sa.true())
    created_at: orm.Mapped[Created]


class AssetCopy(Base):
    """A copy of an original on a backup target that was read back and hashed."""

    __tablename__ = "asset_copies"

    asset_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("media_assets.id", ondelete="cascade"), primary_key=True
    )
    target_id: orm.Mapped[UUID] = orm.mapped_column(
        sa.ForeignKey("backup_targets.id"), primary_key=True
    )
    relative_path: orm.Mapped[str]
    state: orm.Mapped[str]
    copied_at: orm.Mapped[datetime]
    verified_at: orm.Mapped[datetime | None]

    __table_args__ = (one_of("state", "verified", "damaged", "missing"),)
