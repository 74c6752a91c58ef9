"""Which service does which stage, what wakes it, and how to find what it has still to do."""

from dataclasses import dataclass

from shared.events import topics


@dataclass(frozen=True, slots=True)
class Stage:
    """One kind of work per asset.

    ``pending`` is a predicate over ``media_assets a``; together with "no row in ``asset_stages``"
    it finds every asset whose event was lost. ``producer_version`` rises when the service would
    now produce another result: what an older version quarantined is then tried again.
    """

    name: str
    service: str
    topics: tuple[str, ...]
    producer_version: int
    pending: str


GEOCODED = Stage(
    name="geocoded",
    service="geocoder",
    topics=(topics.ASSET_INGESTED, topics.ASSET_LOCATED),
    producer_version=1,
    pending="not a.is_geocoded and a.removed_at is null and (a.location is not null"
    " or exists (select from asset_locations l where l.asset_id = a.id and l.current))",
)
THUMBNAILED = Stage(
    name="thumbnailed",
    service="thumbnailer",
    topics=(topics.ASSET_INGESTED,),
    producer_version=1,
    pending="not a.is_thumbnailed and a.relative_path is not null and a.removed_at is null",
)
BACKED_UP = Stage(
    name="backed_up",
    service="backup",
    topics=(topics.ASSET_INGESTED,),
    producer_version=1,
    pending="not a.is_backed_up and a.relative_path is not null and a.removed_at is null",
)

STAGES = (GEOCODED, THUMBNAILED, BACKED_UP)
BY_NAME = {stage.name: stage for stage in STAGES}
