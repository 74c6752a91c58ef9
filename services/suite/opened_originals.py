"""The originals, opened by a command that compares, repairs or lets go of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import UUID

import sqlalchemy as sa

from librarian.adoption import Adopter
from librarian.originals import Originals
from librarian.reader import FUNCTION, Reader
from librarian.repository import originals as original_rows
from shared import models
from shared.children import children
from shared.clock import SystemClock
from shared.database import Database
from shared.ownership import Owner


def catalogs(database: Database) -> list[UUID]:
    """Return the catalogs that keep originals, the built-in one first."""
    catalog = models.Catalog
    query = sa.select(catalog.id).where(catalog.root_id.is_not(None))
    with database.read() as session:
        return list(session.scalars(query.order_by(catalog.created_at, catalog.id)))


@contextmanager
def opened(database: Database, catalog_id: UUID, *, is_for_writing: bool) -> Iterator[Adopter]:
    """Give the originals of a catalog and the means to adopt files among them.

    Raises DependencyError while they are not there, or frozen and opened for writing.
    """
    with ExitStack() as stack:
        owner = stack.enter_context(Owner(database))
        with database.read() as session:
            known = original_rows.root_of(session, catalog_id, is_for_repair=True)
        folder = stack.enter_context(known.open(is_for_writing=is_for_writing))
        pool = children.Children(FUNCTION, processes=1)
        stack.callback(pool.close)
        originals = Originals(folder, owner.id)
        yield Adopter(database, originals, Reader(pool), SystemClock(), owner.id, catalog_id)
