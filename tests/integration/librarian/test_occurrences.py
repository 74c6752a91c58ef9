from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from librarian.arrivals import KEPT, Claimed, Found, Mode, Outcome
from librarian.repository import occurrences, sources
from shared import models, ownership
from shared.database import Database

NOW = datetime(2024, 5, 1, tzinfo=UTC)
FILE = Found(b"a/b.jpg", size=10, mtime_ns=1_000, inode=2, ctime_ns=3)
ALIVE, DEAD = 1, 2


@pytest.fixture
def asking(database: Database) -> occurrences.Asking:
    with database.transaction() as session:
        if not session.scalar(sa.select(models.Catalog.id)):
            session.add(models.Catalog(name="Library"))
            session.flush()
        source_id = sources.of_folder(session, "/somewhere")
    with database.read() as session:
        source = sources.by_id(session, source_id)
    return occurrences.Asking(source, "copy", ALIVE, NOW)


def claim(database: Database, asking: occurrences.Asking, file: Found = FILE) -> list[Claimed]:
    return database.run(lambda session: occurrences.claim(session, asking, [file], lambda _: True))


def decide(database: Database, file_id: UUID, outcome: str, reason: str | None = None) -> None:
    with database.transaction() as session:
        session.execute(
            sa.update(models.File)
            .where(models.File.id == file_id)
            .values(outcome=outcome, reason=reason, owner=None)
        )


def is_known(database: Database, asking: occurrences.Asking, file: Found = FILE) -> bool:
    with database.read() as session:
        return file.path in occurrences.known(session, asking, [file])


def test_a_file_met_for_the_first_time_is_ours(
    database: Database, asking: occurrences.Asking
) -> None:
    [claimed] = claim(database, asking)

    assert claimed.found == FILE
    assert claimed.attempts == 0


def test_a_file_that_a_living_librarian_claimed_is_not_ours(
    database: Database, asking: occurrences.Asking
) -> None:
    with ownership.Owner(database) as other:
        claim(database, replace(asking, owner=other.id))

        assert claim(database, asking) == []


def test_the_claim_of_a_dead_librarian_is_free_at_once(
    database: Database, asking: occurrences.Asking
) -> None:
    [theirs] = claim(database, replace(asking, owner=DEAD))

    [ours] = claim(database, asking)

    assert ours.file_id == theirs.file_id


@pytest.mark.parametrize(
    ("mode", "outcome", "reason", "expected"),
    [
        ("copy", "filed", None, True),
        ("copy", "duplicate", None, True),
        ("copy", "quarantined", "empty", True),
        ("copy", "failed", None, False),
        ("move", "filed", None, False),
        ("move", "filed", KEPT, True),
        ("move", "quarantined", "empty", True),
    ],
)
def test_a_settled_file_is_known_and_nothing_of_it_is_read(
    database: Database,
    asking: occurrences.Asking,
    mode: Mode,
    outcome: str,
    reason: str | None,
    expected: bool,
) -> None:
    asking = replace(asking, mode=mode)
    [claimed] = claim(database, asking)
    decide(database, claimed.file_id, outcome, reason)

    assert is_known(database, asking) is expected


def test_another_file_at_the_same_path_is_another_occurrence(
    database: Database, asking: occurrences.Asking
) -> None:
    [first] = claim(database, asking)
    decide(database, first.file_id, "filed")
    newer = replace(FILE, mtime_ns=2_000)

    assert not is_known(database, asking, newer)
    [second] = claim(database, asking, newer)

    assert second.file_id != first.file_id
    with database.read() as session:
        assert session.get_one(models.File, first.file_id).superseded_at == NOW


def test_a_failed_file_is_tried_again_when_its_pause_is_over(
    database: Database, asking: occurrences.Asking
) -> None:
    [claimed] = claim(database, asking)
    decide(database, claimed.file_id, "failed")
    failure = Outcome(claimed.file_id, FILE.path, "failed", "input/output error")
    database.run(lambda session: occurrences.postpone(session, failure, NOW))

    assert is_known(database, asking)
    later = replace(asking, now=NOW + timedelta(seconds=11))
    assert not is_known(database, later)
    [again] = claim(database, later)

    assert (again.file_id, again.attempts) == (claimed.file_id, 1)


def test_pauses_double_up_to_an_hour() -> None:
    assert [occurrences.pause(tries).total_seconds() for tries in (1, 2, 3, 40)] == [
        10, 20, 40, 3600,
    ]  # fmt: skip


def test_held_is_what_waits_or_is_kept_out_of_this_source(
    database: Database, asking: occurrences.Asking
) -> None:
    def meet(path: bytes, outcome: str | None, by: occurrences.Asking = asking) -> UUID:
        [claimed] = claim(database, by, replace(FILE, path=path))
        if outcome:
            decide(database, claimed.file_id, outcome)
        return claimed.file_id

    with database.transaction() as session:
        other_id = sources.of_folder(session, "/elsewhere")
    with database.read() as session:
        other = replace(asking, source=sources.by_id(session, other_id))
    meet(b"of/another.txt", "quarantined", other)
    kept_out = {path: meet(path, "quarantined") for path in (b"z.txt", b"a/b.txt")}
    kept_out[b"m.jpg"] = meet(b"m.jpg", "failed")
    kept_out[b"m.xmp"] = meet(b"m.xmp", None, replace(asking, owner=DEAD))
    for outcome in ("filed", "duplicate", "companion", "ignored", "vanished"):
        meet(outcome.encode(), outcome)
    old = meet(b"y.jpg", "failed")
    database.run(lambda session: occurrences.supersede(session, old, NOW))

    with ownership.Owner(database) as living:
        meet(b"in work.jpg", None, replace(asking, owner=living.id))
        with database.read() as session:
            held = occurrences.held(session, asking.source)

    assert held == [(kept_out[path], path) for path in sorted(kept_out)]
