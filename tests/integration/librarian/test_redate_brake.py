"""Many photos get another date only when a person has seen which."""

import uuid
from pathlib import Path

import pytest

import factories
import redates
from factories import Factory
from librarian.redating import brake, plan, survey
from librarian.repository import braking
from shared import jobs
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import roots
from shared.disk.mass_change import Thresholds
from shared.errors import DependencyError

SOME = 4
BRAKE = Thresholds(share=0.5, minimum=SOME)
REASON = "4 of 4 known files would get another date"


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    made = factories.make(database, tmp_path)
    redates.set_zone(made, "Europe/Vienna")
    redates.fill(made, SOME)
    return made


def state(factory: Factory) -> tuple[str, str | None]:
    [root] = factory.rows("select state, state_reason from roots where kind = 'originals'")
    return root.state, root.state_reason


def job_state(factory: Factory, job_id: uuid.UUID) -> str:
    [job] = factory.rows("select state from jobs where id = :id", id=job_id)
    return str(job.state)


def thaw(factory: Factory) -> None:
    with factory.database.transaction() as session:
        for root in roots.find(session, "originals"):
            roots.thaw(session, root.id)


def test_over_the_thresholds_nothing_is_changed_and_the_root_is_frozen(factory: Factory) -> None:
    before = factory.names()
    job_id = redates.ask(factory, fix=redates.day_off(1), is_moving=True)

    redates.work(factory, BRAKE)

    assert factory.events("media.asset.redated") == 0
    assert factory.names() == before
    assert state(factory) == ("frozen", f"{REASON} (job {job_id}: clock_fix)")
    assert job_state(factory, job_id) == "paused"
    with factory.database.read() as session:
        [root] = roots.find(session, "originals")
        [held] = braking.held(session, root.id)
    assert (held.id, held.error) == (job_id, REASON)


def test_one_that_is_accepted_goes_on(factory: Factory) -> None:
    job_id = redates.ask(factory, fix=redates.day_off(1))
    redates.work(factory, BRAKE)

    with factory.database.transaction() as session:
        [root] = roots.find(session, "originals")
        [held] = braking.held(session, root.id)
        brake.accept(session, held, SystemClock().now())
    thaw(factory)
    redates.work(factory, BRAKE)

    assert factory.events("media.asset.redated") == SOME
    assert (job_state(factory, job_id), state(factory)) == ("completed", ("online", None))


def test_one_that_is_cancelled_leaves_all_as_it_is(factory: Factory) -> None:
    job_id = redates.ask(factory, fix=redates.day_off(1))
    redates.work(factory, BRAKE)

    with factory.database.transaction() as session:
        jobs.cancel(session, job_id, now=SystemClock().now())
    thaw(factory)

    assert redates.work(factory, BRAKE) == 0
    assert factory.events("media.asset.redated") == 0
    with factory.database.read() as session:
        [root] = roots.find(session, "originals")
        assert braking.held(session, root.id) == []


def test_what_a_person_accepted_beforehand_or_is_little_passes(factory: Factory) -> None:
    redates.ask(factory, fix=redates.day_off(1), is_accepted=True)
    redates.work(factory, BRAKE)
    assert factory.events("media.asset.redated") == SOME

    redates.ask(factory, ["path=*/1.jpg"], redates.day_off(1))
    redates.work(factory, BRAKE)
    assert factory.events("media.asset.redated") == SOME + 1
    assert state(factory) == ("online", None)


def test_in_a_frozen_root_no_date_is_written(factory: Factory) -> None:
    redates.ask(factory, ["path=*/1.jpg"], redates.day_off(1))
    with factory.database.transaction() as session:
        [root] = roots.find(session, "originals")
        roots.freeze(session, root.id, "somebody said so")

    with pytest.raises(DependencyError, match="somebody said so"):
        redates.work(factory, BRAKE)

    assert factory.events("media.asset.redated") == 0


@pytest.mark.parametrize("is_moving", [True, False])
def test_the_ledger_counts_as_the_rules_do(factory: Factory, is_moving: bool) -> None:
    redates.pretend_older_rules(factory, date_confidence="low")
    factory.change(
        "update media_assets set captured_local = captured_local - interval '1 day'"
        " where relative_path like '%/1.jpg'"
    )
    factory.change(
        "update media_assets set captured_at = null, captured_local = null"
        " where relative_path like '%/2.jpg'"
    )
    factory.change(
        "update media_assets set relative_path = 'elsewhere/3.jpg'"
        " where relative_path like '%/3.jpg'"
    )
    found = redates.preview(factory, is_moving=is_moving)

    job_id = redates.ask(factory, is_moving=is_moving)

    with factory.database.read() as session:
        counted = braking.by_job(session, job_id)
    assert len(found.changes) == SOME
    assert counted == plan.weighty(found.changes)
    assert counted.total() == (3 if is_moving else 2)
    planned = survey.of_job(factory.database, job_id).changes
    assert planned == sorted(found.changes, key=lambda change: change.asset_id)
