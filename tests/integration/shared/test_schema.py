"""The canonical page, the models and the migrated database say the same."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects.postgresql import base as dialects

import assets
from shared import models
from shared.database import Database
from shared.models.log import Xid8

dialects.ischema_names["xid8"] = Xid8  # so that reflection knows it

PAGE = Path(__file__).parents[3] / "docs" / "schema.md"
COLUMN = re.compile(r"^\| `(?P<name>\w+)`(?: \(key\))? \| (?P<type>[^|]+) \| (?P<null>yes|no) \|")


def documented() -> dict[str, dict[str, tuple[str, bool]]]:
    """Table -> column -> (type, may be null), as docs/schema.md has them."""
    tables: dict[str, dict[str, tuple[str, bool]]] = {}
    table = ""
    for line in PAGE.read_text("utf-8").splitlines():
        if heading := re.match(r"^## `(\w+)`$", line):
            table = heading[1]
            tables[table] = {}
        elif row := COLUMN.match(line):
            tables[table][row["name"]] = (row["type"].strip(), row["null"] == "yes")
    return tables


def test_the_migrated_database_is_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, models.Base.metadata)

    assert [each for each in differences if "alembic_version" not in str(each)] == []


def test_the_page_describes_every_table_and_column_of_the_database(database: Database) -> None:
    inspector = sa.inspect(database.engine)
    dialect = database.engine.dialect
    present = {
        table: {
            column["name"]: (column["type"].compile(dialect).lower(), column["nullable"])
            for column in inspector.get_columns(table)
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }
    assert documented() == present


@pytest.mark.parametrize("location", ["null", """'{"lat": 2, "lon": 2}'"""])
def test_a_photos_own_position_cannot_be_changed(database: Database, location: str) -> None:
    with database.transaction() as session:
        asset_id = assets.add(session, location={"lat": 1, "lon": 1})

    with pytest.raises(sa.exc.IntegrityError, match="immutable"), database.transaction() as session:
        session.execute(
            sa.text(f"update media_assets set location = {location} where id = :id"),
            {"id": asset_id},
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"file_hash": "ABC"},
        {"size_bytes": 0},
        {"is_geocoded": True},
        {"has_errors": True},
        {"location": {"lat": 91, "lon": 0}},
        {"location": {"lat": 1}},
        {"date_confidence": "sure"},
    ],
)
def test_the_database_refuses_what_the_contract_forbids(
    database: Database, wrong: dict[str, object]
) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as session:
        assets.add(session, **wrong)
