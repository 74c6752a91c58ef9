"""What the loop of a stage promises, on a real ledger and a log in memory."""

import dataclasses
import threading
from uuid import UUID

import sqlalchemy as sa

import assets
import stage_runs
from shared import ledger, models
from shared.database import Database
from shared.errors import DependencyError, PermanentError, TransientError
from shared.ownership import Owner
from shared.stages import stage_queue

NAME = stage_runs.STAGE.name


def state(database: Database, asset_id: UUID) -> str:
    row = assets.stage(database, asset_id, NAME)
    return row.state if row else "pending"


def all_done(database: Database, asset_ids: list[UUID]) -> bool:
    return all(state(database, each) == "done" for each in asset_ids)


async def test_events_are_worked_off_and_committed(database: Database) -> None:
    photos = assets.add_many(database, 40)
    run = stage_runs.Run(database, stage_runs.Handler())
    run.announce(*photos)

    async with run.started() as loop:
        await loop.until(run.all_committed)

    assert all_done(database, photos)
    assert assets.topics_told(database, photos[0]) == ["media.asset.thumbnailed"]
    assert loop.pulse.last.status == "OK"


async def test_a_poison_photo_is_named_and_stops_nobody(database: Database) -> None:
    photos = assets.add_many(database, 9)
    handler = stage_runs.Handler(faults={photos[4]: PermanentError("truncated JPEG")})
    run = stage_runs.Run(database, handler)
    run.announce(*photos)

    async with run.started() as loop:
        await loop.until(run.all_committed)

    bad = assets.read(database, photos[4])
    assert bad.error_message == "thumbnailed: truncated JPEG"
    assert assets.topics_told(database, photos[4]) == ["media.asset.quarantined"]
    assert all_done(database, photos[:4] + photos[5:])
    assert handler.worked.count(photos[4]) == 1


async def test_a_lost_dependency_is_waited_for_and_blames_nobody(database: Database) -> None:
    photos = assets.add_many(database, 3)
    handler = stage_runs.Handler(
        faults={each: DependencyError("target", "unplugged") for each in photos}
    )
    run = stage_runs.Run(database, handler)
    run.announce(*photos)

    async with run.started() as loop:
        await loop.until(lambda: loop.pulse.last.status == "WARNING")
        committed_while_waiting = run.log.committed(stage_runs.GROUP)
        told_while_waiting = loop.pulse.last.task
        handler.faults.clear()
        await loop.until(run.all_committed)

    assert committed_while_waiting == 0
    assert told_while_waiting == "Waiting: target: unplugged"
    assert all_done(database, photos)


async def test_bytes_that_are_no_event_are_kept_unchanged(database: Database) -> None:
    photos = assets.add_many(database, 1)
    run = stage_runs.Run(database, stage_runs.Handler())
    run.log.write(stage_runs.record(b"\x00\xffnot json", key="k"))
    run.announce(*photos)

    async with run.started() as loop:
        await loop.until(run.all_committed)

    with database.read() as session:
        letter = session.scalars(sa.select(models.DeadLetter)).one()
    assert (letter.value, letter.key, letter.service) == (b"\x00\xffnot json", b"k", "thumbnailer")
    assert all_done(database, photos)


async def test_a_crash_between_record_and_commit_changes_nothing_twice(
    database: Database,
) -> None:
    photos = assets.add_many(database, 5)
    handler = stage_runs.Handler()
    first = stage_runs.Run(database, handler)
    first.announce(*photos)
    async with first.started() as loop:
        await loop.until(first.all_committed)
    first.log.commits.clear()  # the offsets never reached the log

    async with first.started() as loop:
        await loop.until(first.all_committed)

    assert sorted(handler.worked) == photos
    assert assets.read(database, photos[0]).revision == 2
    assert assets.topics_told(database, photos[0]) == ["media.asset.thumbnailed"]


async def test_a_parked_photo_is_tried_again_when_its_time_has_come(database: Database) -> None:
    (photo,) = assets.add_many(database, 1)
    handler = stage_runs.Handler(faults={photo: TransientError("I/O error")})
    run = stage_runs.Run(database, handler)
    run.announce(photo)

    async with run.started() as loop:
        await loop.until(run.all_committed)
        parked = assets.stage(database, photo, NAME)
        handler.faults.clear()
        await loop.until(lambda: run.later() and all_done(database, [photo]))

    assert parked is not None
    assert (parked.state, parked.attempts, parked.error) == ("retrying", 3, "I/O error")
    assert not assets.read(database, photo).has_errors


async def test_a_photo_whose_event_was_lost_is_found(database: Database) -> None:
    photos = assets.add_many(database, 2)
    run = stage_runs.Run(database, stage_runs.Handler(left_out={photos[1]}))

    async with run.started() as loop:
        await loop.until(lambda: state(database, photos[1]) != "pending")
        await loop.until(lambda: all_done(database, photos[:1]))

    assert state(database, photos[1]) == "not_applicable"


async def test_what_a_process_died_over_runs_alone(database: Database) -> None:
    photos = assets.add_many(database, 6)
    die_over(database, photos)
    handler = stage_runs.Handler()
    run = stage_runs.Run(database, handler)
    run.announce(*photos)

    async with run.started() as loop:
        await loop.until(lambda: run.later() and all_done(database, photos))

    assert handler.together == 1


def die_over(database: Database, photos: list[UUID]) -> None:
    """Leave claims of an owner who is gone."""
    with Owner(database) as owner, database.transaction() as session:
        now = stage_runs.ManualClock().now()
        stage_queue.claim_fresh(session, stage_runs.STAGE, photos, owner=owner.id, now=now)


def test_three_kills_condemn_nobody_and_the_file_that_always_kills_is_named(
    database: Database,
) -> None:
    (photo,) = assets.add_many(database, 1)
    die_over(database, [photo])
    now = stage_runs.ManualClock().now()

    def kill_over_it() -> UUID | None:
        with Owner(database) as owner, database.transaction() as session:
            return stage_queue.claim_abandoned(session, stage_runs.STAGE, owner=owner.id, now=now)

    claims = [kill_over_it() for _ in range(stage_queue.CRASH_LIMIT)]
    condemned = kill_over_it()

    assert claims == [photo] * 4
    assert condemned is None
    assert "died 4 times" in str(assets.read(database, photo).error_message)


async def test_many_unknown_errors_stop_the_loop_instead_of_condemning_all(
    database: Database,
) -> None:
    photos = assets.add_many(database, 20)
    handler = stage_runs.Handler(faults={each: KeyError("bug") for each in photos})
    run = stage_runs.Run(database, handler)
    run.announce(*photos)

    async with run.started() as loop:
        await loop.until(lambda: "too many unknown errors" in loop.pulse.last.task)
        condemned = [each for each in photos if state(database, each) == "quarantined"]
        handler.faults.clear()
        await loop.until(run.all_committed)

    assert len(condemned) == 4
    assert all_done(database, [each for each in photos if each not in condemned])


async def test_a_result_is_dropped_when_its_stage_was_cleared_meanwhile(
    database: Database,
) -> None:
    (photo,) = assets.add_many(database, 1)
    cleared = threading.Event()

    def clear_once(asset_id: UUID) -> None:
        if not cleared.is_set():
            cleared.set()
            now = stage_runs.ManualClock().now()
            database.run(lambda session: ledger.clear(session, NAME, [asset_id], now=now))

    handler = stage_runs.Handler(during_work=clear_once)
    run = stage_runs.Run(database, handler)
    run.announce(photo)

    async with run.started() as loop:
        await loop.until(lambda: run.later() and all_done(database, [photo]))

    assert handler.worked == [photo, photo]
    assert assets.topics_told(database, photo) == ["media.asset.thumbnailed"]


async def test_a_result_that_cannot_be_recorded_is_the_error_of_its_photo_alone(
    database: Database,
) -> None:
    photos = assets.add_many(database, 5)
    run = stage_runs.Run(database, stage_runs.Handler(refused={photos[2]}))
    run.announce(*photos)

    async with run.started() as loop:
        await loop.until(run.all_committed)

    assert "not recorded: KeyError" in str(assets.read(database, photos[2]).error_message)
    assert all_done(database, photos[:2] + photos[3:])


async def test_a_revoked_batch_is_left_and_comes_again(database: Database) -> None:
    photos = assets.add_many(database, 12)
    run = stage_runs.Run(database, stage_runs.Handler(parallelism=1))
    run.announce(*photos)

    async with run.started() as loop:
        revoked = threading.Event()

        def revoke_once(_: UUID) -> None:
            if not revoked.is_set():
                revoked.set()
                loop.reader.revoke()

        run.handler.during_work = revoke_once
        await loop.until(run.all_committed)

    assert all_done(database, photos)


async def test_work_that_hangs_is_abandoned_at_the_stop_and_given_back(
    database: Database,
) -> None:
    photos = assets.add_many(database, 2)
    gate = threading.Event()

    def hang_over_first(asset_id: UUID) -> None:
        if asset_id == photos[0]:
            gate.wait(60)

    run = stage_runs.Run(database, stage_runs.Handler(during_work=hang_over_first))
    run.announce(*photos)

    try:
        async with run.started() as loop:
            await loop.until(lambda: len(run.handler.worked) == 2)
    finally:
        gate.set()

    assert state(database, photos[0]) == "pending"
    assert state(database, photos[1]) == "done"


async def test_a_newer_producer_version_tries_the_condemned_again(database: Database) -> None:
    (photo,) = assets.add_many(database, 1)
    now = stage_runs.ManualClock().now()
    failure = ledger.Failure(photo, "cannot decode", permanent=True)
    database.run(lambda session: ledger.fail(session, NAME, [failure], version=1, now=now))
    newer = dataclasses.replace(stage_runs.STAGE, producer_version=2)
    run = stage_runs.Run(database, stage_runs.Handler(stage=newer))

    async with run.started() as loop:
        await loop.until(lambda: assets.read(database, photo).is_thumbnailed)

    assert not assets.read(database, photo).has_errors


async def test_a_claim_that_ends_early_is_restored_as_it_was(database: Database) -> None:
    fresh, parked, condemned = assets.add_many(database, 3)
    now = stage_runs.ManualClock().now()
    failures = [
        ledger.Failure(parked, "busy", permanent=False, next_attempt_at=now),
        ledger.Failure(condemned, "broken", permanent=True),
    ]
    database.run(lambda session: ledger.fail(session, NAME, failures, version=0, now=now))
    stage = stage_runs.STAGE

    with Owner(database) as owner, database.transaction() as session:
        stage_queue.claim_fresh(session, stage, [fresh], owner=owner.id, now=now)
        stage_queue.claim_due(session, stage, limit=9, owner=owner.id, now=now)
        stage_queue.claim_condemned(session, stage, limit=9, owner=owner.id, now=now)
        running = stage_queue.counts(session, stage)
        stage_queue.release(session, stage, owner=owner.id, now=now)

    assert running == {"pending": 0, "running": 3}
    states = [state(database, each) for each in (fresh, parked, condemned)]
    assert states == ["pending", "retrying", "quarantined"]
