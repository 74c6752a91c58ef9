"""Brings a database to the present schema; every way of running the factory starts with it."""

import alembic.command
import alembic.config
import alembic.util
import sqlalchemy as sa

from shared.errors import UserError
from suite import checkout

MIGRATIONS = checkout.ROOT / "deploy/migrations"
LOCK = 0x50464D69
"""Key of the advisory lock of whoever migrates ("PFMi"): two containers may start at once."""


def migrate(url: str) -> None:
    """Apply every missing migration; afterwards the database is the one that its events expect.

    Raises UserError if the database is newer than this program.
    """
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": LOCK})
        connection.commit()
        _upgrade(connection)
        connection.commit()


def _upgrade(connection: sa.Connection) -> None:
    configuration = alembic.config.Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    configuration.attributes["connection"] = connection
    try:
        alembic.command.upgrade(configuration, "head")
    except alembic.util.CommandError as error:
        raise UserError(
            f"the database does not fit this version of Photo Factory ({error})",
            "start the version that used it last, or a newer one",
        ) from error
