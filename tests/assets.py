"""Rows of `media_assets` for tests of what comes after filing."""

import hashlib
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import orm

from shared import models
from shared.database import Database


def add(session: orm.Session, **values: Any) -> UUID:  # noqa: ANN401  any column
    """Insert one asset with plausible values; return its id."""
    asset_id: UUID = values.pop("id", None) or uuid4()
    name = f"{asset_id}.jpg"
    row: dict[str, Any] = {
        "file_hash": hashlib.sha256(asset_id.bytes).hexdigest(),
        "original_name": name,
        "original_path": f"/inbox/{name}",
        "final_path": f"/originals/{name}",
        "relative_path": f"2024/2024-05-17/{name}",
        "path_key": f"2024/2024-05-17/{name}",
        "size_bytes": 1234,
        "media_type": "image",
    }
    session.execute(sa.insert(models.MediaAsset).values(id=asset_id, **(row | values)))
    return asset_id


def add_many(database: Database, count: int, **values: Any) -> list[UUID]:  # noqa: ANN401  any column
    """Insert `count` assets and commit; return their ids, sorted as PostgreSQL sorts them."""
    with database.transaction() as session:
        session.execute(_SET_UP)
        return sorted(add(session, **values) for _ in range(count))


def read(database: Database, asset_id: UUID) -> models.MediaAsset:
    """The asset's present row."""
    with database.read() as session:
        return session.get_one(models.MediaAsset, asset_id)


def stage(database: Database, asset_id: UUID, name: str) -> models.AssetStage | None:
    """What a stage knows of the asset; None = pending."""
    with database.read() as session:
        return session.get(models.AssetStage, (asset_id, name))


def topics_told(database: Database, asset_id: UUID) -> list[str]:
    """The topics of the asset's events, oldest first."""
    with database.read() as session:
        log = models.EventLog
        return list(
            session.scalars(
                sa.select(log.topic).where(log.asset_id == asset_id).order_by(log.xid, log.id)
            )
        )


_SET_UP = sa.text(
    "insert into ledger (ledger_id, system_identifier)"
    " select gen_random_uuid(), system_identifier::text from pg_control_system()"
    " on conflict do nothing"
)
"""Events are only written to a ledger that knows its home."""
