"""Time zone, inboxes and backup targets stand beside the originals, for a ledger that is lost."""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from librarian import high_water
from shared import models
from shared.database import Database
from shared.disk import root_markers, roots
from suite import database_setup, folder_setup, household_record
from suite.commands import backup_targets, migrate
from suite.data_folder import DataFolder
from suite.inbox import Inbox


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> DataFolder:
    """A data folder whose household was recorded."""
    made = DataFolder(tmp_path / "data")
    (tmp_path / "phone").mkdir()
    (tmp_path / "disk").mkdir()
    folder_setup.register(database, made, [Inbox(tmp_path / "phone", "move")])
    database_setup.settle_zone(database, "Asia/Tokyo", "UTC")
    with database.transaction() as session:
        backup_targets.add(session, tmp_path / "disk", "other")
    household_record.write(database)
    return made


def lines(folder: DataFolder) -> list[dict[str, Any]]:
    record = folder.originals / ".photofactory.jsonl"
    return [json.loads(line)["household"] for line in record.read_text().splitlines()]


def state(database: Database) -> tuple[str | None, list[str], list[str]]:
    """Zone, inboxes, targets."""
    with database.read() as session:
        return (
            session.scalar(sa.select(models.Ledger.default_zone)),
            sorted(session.scalars(sa.select(models.Source.name))),
            sorted(session.scalars(sa.select(models.BackupTarget.name))),
        )


def lose_what_was_added(database: Database) -> None:
    """The ledger is as it was before the inbox, the target and the zone."""
    with database.transaction() as session:
        for table in (models.Source, models.BackupTarget, models.Root):
            session.execute(sa.delete(table).where(table.id.in_(added(session, table))))
        session.execute(sa.update(models.Ledger).values(default_zone="Europe/Berlin"))


def added(session: orm.Session, table: type[models.Base]) -> list[Any]:
    root = models.Root
    named = sa.select(root.id).where(root.path.like("%/phone") | root.path.like("%/disk"))
    column = table.__table__.c["id" if table is root else "root_id"]
    return list(session.scalars(sa.select(table.__table__.c["id"]).where(column.in_(named))))


def raise_high_water(database: Database) -> None:
    """The disk has seen more than the ledger knows."""
    with database.read() as session:
        known = roots.known(session, roots.find(session, "originals")[0])
        now = high_water.position(session)
    with known.open() as root:
        mark = dataclasses.replace(now, log_id=now.log_id + 1000)
        root_markers.write_high_water(root.fd, mark)


def test_a_line_is_added_only_when_something_changed(
    database: Database, folder: DataFolder
) -> None:
    household_record.write(database)
    assert len(lines(folder)) == 1

    database_setup.settle_zone(database, "Europe/Rome", "UTC")
    household_record.write(database)

    assert [line["time_zone"] for line in lines(folder)] == ["Asia/Tokyo", "Europe/Rome"]
    assert [each["mode"] for each in lines(folder)[-1]["inboxes"]] == ["move"]
    assert [each["name"] for each in lines(folder)[-1]["backup_targets"]] == ["Backup", "other"]


def test_a_ledger_older_than_the_disk_takes_the_household_over(
    database: Database,
    database_url: str,
    folder: DataFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, recorded = state(database), lines(folder)
    lose_what_was_added(database)
    raise_high_water(database)
    assert state(database) != before
    monkeypatch.setenv("PHOTOFACTORY_DATABASE_URL", database_url)

    migrate.run(arguments(folder))

    assert state(database) == before
    assert lines(folder) == recorded


def test_an_older_ledger_does_not_write_its_household(
    database: Database, folder: DataFolder
) -> None:
    recorded = lines(folder)
    lose_what_was_added(database)
    raise_high_water(database)

    household_record.write(database)

    assert lines(folder) == recorded


@pytest.mark.parametrize("edited", [{"inboxes": ["phone"]}, {"inboxes": [{}]}, {"time_zone": 1}])
def test_a_line_that_was_edited_wrongly_stops_nobody(
    database: Database, folder: DataFolder, edited: dict[str, Any]
) -> None:
    lose_what_was_added(database)
    with (folder.originals / ".photofactory.jsonl").open("a") as record:
        record.write(json.dumps({"format": 1, "household": edited}) + "\n")

    assert household_record.take_over(database) is None


def arguments(folder: DataFolder) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    migrate.add_arguments(parser)
    parser.set_defaults(data=folder.path)
    return parser.parse_args([])
