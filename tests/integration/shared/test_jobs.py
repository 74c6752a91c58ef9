from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

import assets
from shared import jobs, models
from shared.database import Database
from shared.ownership import Owner

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def request(database: Database, job_type: str = "clock_fix", *, minutes: int = 0) -> UUID:
    assets.add_many(database, 0)  # sets the ledger up
    when = NOW + timedelta(minutes=minutes)
    return database.run(lambda session: jobs.request(session, job_type, {"all": True}, now=when))


def claim(database: Database, owner: Owner) -> models.Job | None:
    return database.run(
        lambda session: jobs.claim(session, ("clock_fix", "redate"), owner=owner.id, now=NOW)
    )


def test_a_request_is_a_row_and_the_event_that_wakes_its_owner(database: Database) -> None:
    job_id = request(database)

    with database.read() as session:
        event = session.scalars(sa.select(models.EventLog)).one()
        job = session.get_one(models.Job, job_id)
    assert (event.topic, event.key) == ("media.job.requested", str(job_id))
    assert event.payload == {"job_id": str(job_id), "job_type": "clock_fix"}
    assert (job.state, job.params) == ("pending", {"all": True})


def test_a_type_that_nobody_works_off_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="no service"):
        request(database, "verifi")


def test_the_oldest_free_job_of_the_types_is_claimed_once(database: Database) -> None:
    younger = request(database, minutes=5)
    older = request(database, "redate")
    request(database, "ingest")

    with Owner(database) as owner:
        claimed = [claim(database, owner) for _ in range(3)]

    assert [job.id if job else None for job in claimed] == [older, younger, None]


def test_the_job_of_a_dead_owner_is_free_at_once(database: Database) -> None:
    job_id = request(database)
    with Owner(database) as dead:
        assert claim(database, dead)

    with Owner(database) as owner:
        job = claim(database, owner)

        assert job is not None
        assert (job.id, job.owner) == (job_id, owner.id)


def test_a_cancelled_job_is_no_longer_wanted_and_stays_cancelled(database: Database) -> None:
    job_id = request(database)
    with Owner(database) as owner:
        claim(database, owner)
        wanted = database.run(lambda session: jobs.progress(session, job_id, {"seen": 3}))

        cancelled = database.run(lambda session: jobs.cancel(session, job_id, now=NOW))

    assert (wanted, cancelled) == (True, True)
    assert not database.run(lambda session: jobs.progress(session, job_id, {"seen": 4}))
    assert not database.run(lambda session: jobs.finish(session, job_id, now=NOW))
    with database.read() as session:
        job = session.get_one(models.Job, job_id)
        assert not jobs.is_wanted(session, job_id)
    assert (job.state, job.result) == ("cancelled", {"seen": 3})


def test_a_draft_that_its_command_left_is_cancelled_and_a_held_job_is_not(
    database: Database,
) -> None:
    draft, held, fresh = uuid4(), uuid4(), uuid4()

    def begin(session: orm.Session) -> None:
        jobs.draft(session, draft, "redate", now=NOW)
        jobs.draft(session, held, "redate", now=NOW)
        jobs.hold(session, held, "too much")
        jobs.draft(session, fresh, "redate", now=NOW + timedelta(hours=1))
        jobs.end_drafts(session, now=NOW + timedelta(hours=1, seconds=1))

    database.run(begin)

    with database.read() as session:
        states = [session.get_one(models.Job, each).state for each in (draft, held, fresh)]
    assert states == ["cancelled", "paused", "paused"]


def test_a_released_job_is_claimed_again_and_ends_with_its_error(database: Database) -> None:
    job_id = request(database)
    with Owner(database) as owner:
        claim(database, owner)
        database.run(lambda session: jobs.release(session, job_id))
        again = claim(database, owner)
        database.run(lambda session: jobs.fail(session, job_id, "no \0 target", now=NOW))

    assert again is not None
    with database.read() as session:
        job = session.get_one(models.Job, job_id)
    assert (job.state, job.error, job.completed_at) == ("failed", "no \ufffd target", NOW)


def test_counts_are_derived_from_the_files_of_the_job(database: Database) -> None:
    job_id = request(database)
    with database.transaction() as session:
        session.execute(
            sa.text(
                "with c as (insert into catalogs (name) values ('Library') returning id),"
                " s as (insert into sources (catalog_id, name, source_path)"
                " select id, 'Inbox', '/inbox' from c returning id),"
                " f as (insert into files (source_id, path, display_path, original_name,"
                " size_bytes, mtime_ns) select s.id, n::text::bytea, n::text, n::text, 1, 1"
                " from s, generate_series(1, 4) n returning id, display_path)"
                " insert into job_files (job_id, file_id, outcome) select :job, id,"
                " case display_path when '1' then null when '2' then 'duplicate' else 'filed' end"
                " from f"
            ),
            {"job": job_id},
        )

    with database.read() as session:
        counts = jobs.counts(session, job_id)

    assert counts == jobs.Counts(4, 1, {"duplicate": 1, "filed": 2})
