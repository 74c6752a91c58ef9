"""Brings a database to the present schema; every way of running the factory starts with it."""

import alembic.command
import alembic.config
import alembic.util
import sqlalchemy as sa
from sqlalchemy import orm

from shared import models
from shared.database import Database
from shared.errors import UserError
from shared.transport import epoch
from suite import checkout, console, household_zone

MIGRATIONS = checkout.ROOT / "deploy/migrations"
LOCK = 0x50464D69
"""Key of the advisory lock of whoever migrates ("PFMi"): two containers may start at once."""


def migrate(url: str) -> bool:
    """Apply every missing migration; afterwards services may write here.

    Returns whether this ledger was restored or moved since it was last used (then the epoch of its
    log has been raised). Raises UserError if the database is newer than this program.
    """
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": LOCK})
        connection.commit()
        _upgrade(connection)
        connection.commit()
        with orm.Session(connection) as session:
            has_moved = epoch.raise_if_moved(session)
            session.commit()
        return has_moved


def settle_zone(database: Database, named: str | None, of_this_machine: str) -> str:
    """Return the household's zone, stored: the one named, else the stored, else the machine's."""
    with database.transaction() as session:
        ledger = session.scalars(sa.select(models.Ledger)).one()
        before = ledger.default_zone
        zone = household_zone.checked(named or before or of_this_machine)
        ledger.default_zone = zone
    if before not in {None, zone}:
        console.say(f"the zone was {before}: filed photos keep their dates until you run redate")
    return zone


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
