from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

import assets
from shared import events, ledger
from shared.database import Database

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def thumbnailed(asset_id: UUID) -> ledger.Done:
    event = events.AssetThumbnailedV1(asset_id=asset_id, kinds=("thumbnail",), producer_version=1)
    return ledger.Done(asset_id, event)


def complete(database: Database, *asset_ids: UUID, version: int = 1) -> frozenset[UUID]:
    done = [thumbnailed(each) for each in asset_ids]
    return database.run(
        lambda session: ledger.complete(session, "thumbnailed", done, version=version, now=NOW)
    )


def fail(
    database: Database, asset_id: UUID, stage: str = "thumbnailed", *, permanent: bool = True
) -> frozenset[UUID]:
    failure = ledger.Failure(asset_id, "no \0 JPEG \ud800", permanent, None if permanent else LATER)
    return database.run(lambda session: ledger.fail(session, stage, [failure], version=1, now=NOW))


def test_a_done_stage_sets_flag_time_and_revision_and_tells_it_once(database: Database) -> None:
    one, two = assets.add_many(database, 2)

    changed = complete(database, two, one)
    again = complete(database, one, two)

    assert changed == {one, two}
    assert again == frozenset()
    asset = assets.read(database, one)
    assert (asset.is_thumbnailed, asset.thumbnailed_at, asset.revision) == (True, NOW, 2)
    assert assets.topics_told(database, one) == ["media.asset.thumbnailed"]


def test_an_asset_that_is_gone_is_left_out(database: Database) -> None:
    (one,) = assets.add_many(database, 1)

    assert complete(database, one, uuid4()) == {one}


def test_a_newer_producer_version_is_told_again_and_an_older_one_changes_nothing(
    database: Database,
) -> None:
    (one,) = assets.add_many(database, 1)
    complete(database, one, version=2)

    assert complete(database, one, version=1) == frozenset()
    assert complete(database, one, version=3) == {one}
    assert len(assets.topics_told(database, one)) == 2


def test_errors_of_all_stages_are_shown_until_the_last_is_solved(database: Database) -> None:
    (one,) = assets.add_many(database, 1)

    fail(database, one)
    fail(database, one, "geocoded", permanent=False)
    both = assets.read(database, one)
    complete(database, one)
    left = assets.read(database, one)
    database.run(
        lambda session: ledger.complete(session, "geocoded", [ledger.Done(one)], version=1, now=NOW)
    )
    none = assets.read(database, one)

    assert both.error_message == "geocoded: no \ufffd JPEG ?; thumbnailed: no \ufffd JPEG ?"
    assert left.error_message == "geocoded: no \ufffd JPEG ?"
    assert left.has_errors
    assert (none.has_errors, none.error_message) == (False, None)


def test_only_a_quarantine_is_told_and_only_once(database: Database) -> None:
    (one,) = assets.add_many(database, 1)

    parked = fail(database, one, permanent=False)
    quarantined = fail(database, one)
    again = fail(database, one)

    assert parked == quarantined == {one}
    assert again == frozenset()
    assert assets.topics_told(database, one) == ["media.asset.quarantined"]
    row = assets.stage(database, one, "thumbnailed")
    assert row is not None
    assert (row.state, row.attempts, row.parked_times) == ("quarantined", 2, 1)


def test_a_failure_does_not_undo_what_is_done(database: Database) -> None:
    (one,) = assets.add_many(database, 1)
    complete(database, one)

    assert fail(database, one) == frozenset()
    assert not assets.read(database, one).has_errors


def test_a_cleared_stage_is_pending_with_flag_and_time_off(database: Database) -> None:
    (one,) = assets.add_many(database, 1)
    complete(database, one)

    def clear() -> frozenset[UUID]:
        return database.run(lambda s: ledger.clear(s, "thumbnailed", [one], now=NOW))

    assert clear() == {one}
    assert clear() == frozenset()
    asset = assets.read(database, one)
    assert (asset.is_thumbnailed, asset.thumbnailed_at, asset.revision) == (False, None, 3)
    assert assets.stage(database, one, "thumbnailed") is None


def test_a_retry_makes_failed_stages_pending_and_leaves_the_rest(database: Database) -> None:
    one, two, done = assets.add_many(database, 3)
    complete(database, done)
    fail(database, one)
    fail(database, two, permanent=False)

    def retry(*asset_ids: UUID) -> frozenset[UUID]:
        chosen = list(asset_ids) or None
        return database.run(lambda s: ledger.retry(s, "thumbnailed", now=NOW, asset_ids=chosen))

    assert retry(one, done) == {one}
    assert retry() == {two}
    assert not assets.read(database, one).has_errors
    assert assets.stage(database, two, "thumbnailed") is None
    assert assets.read(database, done).is_thumbnailed


def test_not_applicable_leaves_a_done_asset_alone(database: Database) -> None:
    one, two = assets.add_many(database, 2)
    complete(database, one)

    changed = database.run(
        lambda s: ledger.not_applicable(s, "thumbnailed", [one, two], version=1, now=NOW)
    )

    assert changed == {two}
    row = assets.stage(database, two, "thumbnailed")
    assert row is not None
    assert row.state == "not_applicable"


def test_damage_of_the_original_is_an_error_of_the_asset(database: Database) -> None:
    (one,) = assets.add_many(database, 1, damage="missing")

    database.run(lambda session: ledger.refresh_errors(session, [one], now=NOW))

    assert assets.read(database, one).error_message == "original: missing"


def test_an_unknown_stage_is_refused(database: Database) -> None:
    (one,) = assets.add_many(database, 1)

    with pytest.raises(ValueError, match="unknown stage"):
        database.run(lambda session: ledger.clear(session, "is_evil", [one], now=NOW))
