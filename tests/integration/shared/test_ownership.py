import itertools

import pytest
import sqlalchemy as sa

from shared import ownership
from shared.database import Database
from shared.errors import DependencyError


def is_live(database: Database, owner_id: int | None) -> bool | None:
    with database.read() as session:
        condition = ownership.is_live("cast(:id as bigint)")
        answer: bool | None = session.scalar(sa.text(f"select {condition}"), {"id": owner_id})
        return answer


def is_free(database: Database, owner_id: int | None) -> bool:
    with database.read() as session:
        condition = ownership.is_free("cast(:id as bigint)")
        return bool(session.scalar(sa.text(f"select {condition}"), {"id": owner_id}))


def test_an_owner_lives_until_it_is_closed(database: Database) -> None:
    with ownership.Owner(database) as owner:
        alive = is_live(database, owner.id), is_free(database, owner.id)

    assert alive == (True, False)
    assert is_live(database, owner.id) is False
    assert is_free(database, owner.id)
    assert is_free(database, None)


def test_two_owners_never_share_an_id(database: Database) -> None:
    ids = itertools.count(7)
    with (
        ownership.Owner(database, new_id=lambda: 7) as first,
        ownership.Owner(database, new_id=ids.__next__) as second,
    ):
        assert (first.id, second.id) == (7, 8)


def test_an_owner_whose_connection_broke_comes_back_under_its_id(database: Database) -> None:
    with ownership.Owner(database) as owner:
        end_connection_of(database, owner)
        lost = is_live(database, owner.id)

        owner.keep()

        assert lost is False
        assert is_live(database, owner.id)


def test_an_owner_whose_id_is_taken_does_not_claim_to_live(database: Database) -> None:
    with ownership.Owner(database, new_id=lambda: 7) as owner:
        end_connection_of(database, owner)
        with (
            ownership.Owner(database, new_id=lambda: 7),
            pytest.raises(DependencyError, match="owner 7"),
        ):
            owner.keep()


def end_connection_of(database: Database, owner: ownership.Owner) -> None:
    with database.transaction() as session:
        session.execute(
            sa.text(
                "select pg_terminate_backend(pid, 60000) from pg_locks"
                " where locktype = 'advisory' and classid = :class and objid::bigint = :id"
            ),
            {"class": ownership.LOCK_CLASS, "id": owner.id},
        )
