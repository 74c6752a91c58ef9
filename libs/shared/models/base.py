"""What every table shares: the declarative base, naming of constraints, column types."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import postgresql as pg

Json = Any
"""A value of a ``jsonb`` column; the module that owns the column says its shape."""

UuidKey = Annotated[
    UUID, orm.mapped_column(primary_key=True, server_default=sa.text("gen_random_uuid()"))
]
Created = Annotated[datetime, orm.mapped_column(server_default=sa.text("now()"))]


class Base(orm.DeclarativeBase):
    """Base of all models. Times are ``timestamptz``; a photo's wall clock is the one exception."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "idx_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy's own protocol
        datetime: sa.DateTime(timezone=True),
        str: sa.Text(),
        bytes: sa.LargeBinary(),
        dict[str, Json]: pg.JSONB(none_as_null=True),
        list[Json]: pg.JSONB(none_as_null=True),
    }


def one_of(column: str, *values: str, name: str | None = None) -> sa.CheckConstraint:
    """Return the check that a text column holds one of ``values``."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} in ({listed})", name=name or column)
