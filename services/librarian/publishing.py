"""The middle of filing: reserved -> published -> told in the folder's record -> recorded."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from librarian import record_writing, recording, recovery, reserving, staging
from librarian.arrivals import Outcome
from librarian.originals import Originals
from librarian.reserving import Reserved
from shared import errors, faults
from shared.clock import Clock
from shared.database import Database
from shared.disk import publish

log = structlog.get_logger()

NO_FOLDER: Final = "no folder"
"""A link, or a file, stands in the place of a folder of the originals."""


class Publishing:
    """Publishes and records reserved files; `publish_one` may be called by several threads."""

    def __init__(self, database: Database, originals: Originals, clock: Clock) -> None:
        self._database = database
        self._originals = originals
        self._clock = clock
        self._adopted: set[UUID] = set()

    def publish_one(self, one: Reserved) -> Reserved | Outcome:
        """The reserved file under its final name, durably; or why it can have none.

        Raises:
            DependencyError: The disk failed; the filing stays open for recovery.
        """
        on_disk: set[str] = set()
        try:
            self._originals.sync_temporary(one.staged.temporary)
            while not self._has_its_name(one):
                on_disk.add(one.filing.path_key)
                again = functools.partial(reserving.place_again, one=one, on_disk=on_disk)
                one = self._database.run(again)
        except errors.PermanentError as error:
            self._database.run(lambda session: recovery.give_up(session, one.filing))
            return staging.outcome(one.staged.claimed, "failed", NO_FOLDER, str(error))
        except (OSError, publish.AcrossMountsError) as error:
            raise errors.DependencyError("originals", f"cannot publish: {error}") from error
        return one

    def record(self, published: Sequence[Reserved], now: datetime) -> dict[UUID, Outcome]:
        """What became of published files, by file; left out are those that were taken over."""
        faults.point("filing.published")
        record_writing.write_filed(
            self._database, self._originals, [one.filing for one in published]
        )
        paths = {one.filing.id: one.staged.claimed.found.path for one in published}
        filings = [one.filing for one in published]
        done, refused = recording.record(self._database, filings, now, self._originals.brake)
        for filing in done:
            log.info("file.filed", asset_id=filing.asset_id, path=filing.relative_path)
        for refusal in refused:
            if refusal.filing.id not in self._adopted:
                self._originals.withdraw(refusal.filing.relative_path, refusal.filing.file_hash)
            recovery.refuse(self._database, refusal, self._clock)
        outcomes = [recording.outcome_of(filing, paths[filing.id]) for filing in done]
        outcomes += [recovery.outcome_of(each, paths[each.filing.id]) for each in refused]
        return {outcome.file_id: outcome for outcome in outcomes}

    def _has_its_name(self, one: Reserved) -> bool:
        """Publish; an equal file that is there already is adopted, another one keeps the name."""
        filing = one.filing
        try:
            self._originals.publish(one.staged.temporary, filing.relative_path)
        except publish.NameTakenError:
            there = self._originals.hash_at(filing.relative_path)
            if there != (filing.file_hash, filing.size_bytes):
                return False
            self._adopted.add(filing.id)
            self._originals.sync(filing.relative_path)
        return True
