"""A database that others run is prepared as `up` prepares its own."""

import argparse
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared import models
from shared.database import Database
from shared.errors import UserError
from suite import database_setup
from suite.commands import migrate


def arguments(data: Path, *given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    migrate.add_arguments(parser)
    parser.set_defaults(data=data)
    return parser.parse_args(given)


def test_an_empty_database_and_an_empty_folder_become_a_factory(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOFACTORY_DATABASE_URL", empty_database_url)

    assert migrate.run(arguments(tmp_path, "--zone", "Europe/Berlin")) == 0
    assert migrate.run(arguments(tmp_path)) == 0

    with (
        Database(empty_database_url, application_name="test") as database,
        database.read() as ledger,
    ):
        assert ledger.scalar(sa.select(models.Ledger.default_zone)) == "Europe/Berlin"
        assert ledger.scalars(sa.select(models.Catalog.name)).all() == ["Library"]


def test_without_a_database_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PHOTOFACTORY_DATABASE_URL", raising=False)

    with pytest.raises(UserError, match="PHOTOFACTORY_DATABASE_URL"):
        migrate.run(arguments(tmp_path))


def test_a_newer_database_is_refused(database_url: str, database: Database) -> None:
    with database.transaction() as session:
        session.execute(sa.text("update alembic_version set version_num = '9999'"))

    with pytest.raises(UserError, match="does not fit this version"):
        database_setup.migrate(database_url)


def test_a_restored_database_gets_a_new_epoch(database_url: str, database: Database) -> None:
    assert not database_setup.migrate(database_url)
    with database.transaction() as session:
        session.execute(sa.text("update ledger set system_identifier = 'another'"))

    assert database_setup.migrate(database_url)
    assert not database_setup.migrate(database_url)


def test_the_zone_of_the_first_start_stays_until_another_is_named(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert database_setup.settle_zone(database, None, "Europe/Berlin") == "Europe/Berlin"
    assert database_setup.settle_zone(database, None, "Asia/Tokyo") == "Europe/Berlin"
    assert capsys.readouterr().out == ""
    assert database_setup.settle_zone(database, "Asia/Tokyo", "UTC") == "Asia/Tokyo"
    assert "Europe/Berlin" in capsys.readouterr().out
