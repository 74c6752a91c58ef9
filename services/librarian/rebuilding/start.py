"""Where a rebuild begins and ends: an empty ledger takes over the identity of the disk's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import orm

from librarian.repository import rebuilding
from shared.clock import Clock
from shared.database import Database
from shared.disk import root_markers, roots
from shared.errors import UserError


@dataclasses.dataclass(frozen=True, slots=True)
class Begun:
    """A rebuild that goes on now; `is_resumed` if an earlier run was interrupted."""

    job_id: UUID
    is_resumed: bool


def begin(database: Database, originals: str, clock: Clock) -> Begun:
    """Make the ledger that of the folder of originals, and freeze filing until `finish`.

    Originals without a marker are accepted: who asks for a rebuild names them.

    Raises UserError if the ledger is in use, or there are no originals.
    """
    marker = root_markers.read_marker_at(originals)
    if marker is not None and marker.role != "originals":
        raise UserError(f"{originals} is used for {marker.role}", "name the right data folder")

    def take_over(session: orm.Session) -> Begun:
        unfinished = rebuilding.unfinished_job(session)
        if unfinished:
            return Begun(unfinished, is_resumed=True)
        if not rebuilding.is_empty(session):
            raise UserError(
                "the ledger is in use: a rebuild makes a new one and is never mixed into it",
                "to find files that it does not know use ./photofactory reconcile; if it is "
                "damaged beyond that, move the folder `database` away and rebuild",
            )
        identity = marker.ledger_id if marker else roots.ledger_id(session)
        return Begun(rebuilding.begin(session, identity, clock.now()), is_resumed=False)

    return database.run(take_over)


def finish(database: Database, begun: Begun, result: Mapping[str, Any], clock: Clock) -> None:
    """Free filing, and keep the balance."""
    now = clock.now()
    database.run(lambda session: rebuilding.finish(session, begun.job_id, result, now))
