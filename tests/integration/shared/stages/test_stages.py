"""No (service, topic) without a query that finds what a lost event would have brought."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

import assets
from shared import events, jobs, ledger, models
from shared.database import Database
from shared.events import topics
from shared.models.assets import STAGES as STAGE_NAMES
from shared.ownership import Owner
from shared.stages import stage_queue, stages

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SUBSCRIPTIONS = [(stage, topic) for stage in stages.STAGES for topic in stage.topics]


@pytest.mark.parametrize(
    ("stage", "topic"), SUBSCRIPTIONS, ids=[f"{s.service}-{t}" for s, t in SUBSCRIPTIONS]
)
def test_an_asset_whose_event_was_lost_is_pending(
    database: Database, stage: stages.Stage, topic: str
) -> None:
    (photo,) = assets.add_many(database, 1)
    with database.transaction() as session:
        session.execute(
            sa.insert(models.AssetLocation).values(
                asset_id=photo, latitude=48.2, longitude=16.4, source="companion"
            )
        )

    with Owner(database) as owner, database.transaction() as session:
        found = stage_queue.claim_never_tried(session, stage, limit=5, owner=owner.id, now=NOW)

    assert topic in events.TOPICS
    assert found == [photo]


def test_a_photo_without_a_position_is_not_pending_for_the_geocoder(database: Database) -> None:
    assets.add_many(database, 1)

    with database.read() as session:
        assert stage_queue.counts(session, stages.GEOCODED) == {"pending": 0}


@pytest.mark.parametrize("stage", stages.STAGES, ids=lambda stage: stage.name)
def test_a_removed_photo_is_pending_for_nobody(database: Database, stage: stages.Stage) -> None:
    assets.add_many(database, 1, removed_at=NOW, location={"lat": 48.2, "lon": 16.4})

    with database.read() as session:
        assert stage_queue.counts(session, stage)["pending"] == 0


def test_a_claim_waits_for_whoever_changes_what_the_stage_works_on(database: Database) -> None:
    (photo,) = assets.add_many(database, 1)
    stage = stages.BACKED_UP

    with Owner(database) as owner, database.transaction() as changing:
        ledger.clear(changing, stage.name, [photo], now=NOW)  # as when a sidecar is recorded
        with database.transaction() as sweeping:
            swept = stage_queue.claim_never_tried(sweeping, stage, limit=5, owner=owner.id, now=NOW)
        with pytest.raises(exc.OperationalError, match="lock timeout"):
            claim_at_once(database, stage, photo, owner)

    assert swept == []


def claim_at_once(database: Database, stage: stages.Stage, photo: UUID, owner: Owner) -> None:
    """Claim as an event does, or fail when that has to wait."""
    with database.transaction() as session:
        session.execute(sa.text("set local lock_timeout = '1ms'"))
        stage_queue.claim_fresh(session, stage, [photo], owner=owner.id, now=NOW)


def test_every_stage_has_its_flag() -> None:
    assert {stage.name for stage in stages.STAGES} <= set(STAGE_NAMES)
    assert all(stages.BY_NAME[stage.name] is stage for stage in stages.STAGES)


def test_a_job_whose_event_was_lost_is_found_by_its_owner(database: Database) -> None:
    assets.add_many(database, 0)

    for job_type in jobs.OWNERS:
        with database.transaction() as session:
            job_id = jobs.request(session, job_type, {}, now=NOW)
        with Owner(database) as owner, database.transaction() as session:
            job = jobs.claim(session, (job_type,), owner=owner.id, now=NOW)
            assert job is not None
            assert job.id == job_id

    assert topics.JOB_REQUESTED in events.TOPICS
