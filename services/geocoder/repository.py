"""All SQL of the geocoder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

from shared import models


def positions(session: orm.Session, asset_ids: Sequence[UUID]) -> dict[UUID, tuple[float, float]]:
    """Return the effective position (degrees) of those assets that have one."""
    rows = session.execute(
        sa.text(
            "select asset_id, latitude, longitude from asset_effective_location"
            " where asset_id = any(:ids)"
        ),
        {"ids": list(asset_ids)},
    )
    return {row.asset_id: (row.latitude, row.longitude) for row in rows}


def save(session: orm.Session, places: Sequence[dict[str, object]], now: datetime) -> None:
    """Write places, over what was known of the same assets."""
    if not places:
        return
    statement = pg.insert(models.AssetPlace)
    columns = {
        column.name: statement.excluded[column.name]
        for column in models.AssetPlace.__table__.columns
        if column.name != "asset_id"
    }
    session.execute(
        statement.on_conflict_do_update(index_elements=["asset_id"], set_=columns),
        [{**each, "updated_at": now} for each in places],
    )
