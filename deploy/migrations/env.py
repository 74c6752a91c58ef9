"""Alembic's entry: migrates the database whose connection ``suite.database_setup`` passes in."""

from alembic import context
from sqlalchemy import text

from shared.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, transaction_per_migration=True
)
with context.begin_transaction():
    connection.execute(text("set lock_timeout = '5s'"))
    context.run_migrations()
