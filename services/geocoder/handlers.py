"""What the geocoder does for each photo with a position."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import orm

from geocoder import places, repository
from geocoder.domain.place import Place
from shared import events, ledger
from shared.stages import stages


@dataclasses.dataclass(frozen=True, slots=True)
class Position:
    """Where an asset was taken, in degrees."""

    latitude_deg: float
    longitude_deg: float


@dataclasses.dataclass(frozen=True, slots=True)
class Located:
    """What a position is called."""

    position: Position
    place: Place
    country: str | None
    time_zone: str | None


class Handler:
    """Names places; pure computation over a local file, so that nothing of it can be slow."""

    stage: Final = stages.GEOCODED
    parallelism: Final = 1

    def __init__(self, gazetteer: places.Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._data_version = places.data_version()

    def load(self, session: orm.Session, asset_ids: Sequence[UUID]) -> dict[UUID, Position]:
        """Return the present positions; an asset without one is not applicable."""
        found = repository.positions(session, asset_ids)
        return {asset_id: Position(*position) for asset_id, position in found.items()}

    def work(self, item: Position) -> Located:
        """Return the place of a position."""
        place, zone = self._gazetteer.place_at(item.latitude_deg, item.longitude_deg)
        code = place.country_code
        country = self._gazetteer.country_name(code) if code else None
        return Located(item, place, country, zone)

    def record(
        self, session: orm.Session, results: Mapping[UUID, Located], *, now: datetime
    ) -> None:
        """Write places, flags and events of a batch."""
        rows = [self._row(asset_id, located) for asset_id, located in results.items()]
        repository.save(session, rows, now)
        done = [
            ledger.Done(asset_id, event_of(asset_id, located))
            for asset_id, located in results.items()
        ]
        ledger.complete(
            session, self.stage.name, done, version=self.stage.producer_version, now=now
        )

    def _row(self, asset_id: UUID, located: Located) -> dict[str, object]:
        return {
            "asset_id": asset_id,
            "latitude": located.position.latitude_deg,
            "longitude": located.position.longitude_deg,
            "country_code": located.place.country_code,
            "country": located.country,
            "region": located.place.region,
            "city": located.place.city,
            "distance_m": located.place.distance_m,
            "time_zone": located.time_zone,
            "data_version": self._data_version,
        }


def event_of(asset_id: UUID, located: Located) -> events.AssetGeocodedV1:
    """Return the event that tells of a named place."""
    return events.AssetGeocodedV1(
        asset_id=asset_id,
        country_code=located.place.country_code,
        country=located.country,
        region=located.place.region,
        city=located.place.city,
        time_zone=located.time_zone,
    )
