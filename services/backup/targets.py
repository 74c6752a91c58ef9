"""Watches the backup targets: what came back gets its copies, what is new gets all of them."""

import asyncio
import contextlib
import functools
import math
import os
from collections.abc import Callable, Sequence
from uuid import UUID

import structlog
from sqlalchemy import orm

from backup import copying, records, repository
from backup.repository import Target
from shared import heartbeat, ledger, process
from shared.clock import Clock
from shared.database import Database
from shared.disk import publish
from shared.disk.root_folder import KnownRoot, RootFolder
from shared.errors import DependencyError
from shared.stages import stages

EVERY_S = 10.0
RECORDS_EVERY_S = 300.0
LEFT_OVER_S = 3600.0
_BATCH = 500

log = structlog.get_logger()


class Targets:
    """Looks at every active target; remembers which were there at the last look."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._there: frozenset[UUID] = frozenset()
        self._known: frozenset[UUID] = frozenset()
        self._records_at_s: dict[UUID, float] = {}

    async def run(self, pulse: heartbeat.Pulse, stop: process.Stop) -> None:
        """Look every EVERY_S until the stop."""
        while not stop.is_requested:
            away = await asyncio.to_thread(self.look)
            # Not a reason to wait: the other targets go on, and without any the copying says so.
            pulse.succeeded("; ".join(away) or "all targets are there")
            await stop.wait(EVERY_S)

    def look(self) -> list[str]:
        """Do what follows from the present state of the targets; return why some are away."""
        with self._database.read() as session:
            targets = repository.active_targets(session)
            originals = repository.originals_roots(session)
        there: set[UUID] = set()
        away: list[str] = []
        for target in targets:
            try:
                self._look_at(target, originals)
                there.add(target.id)
            except (DependencyError, OSError) as error:
                away.append(f"backup target {target.name}: {error}")
        self._follow(targets, there)
        return away

    def _look_at(self, target: Target, originals: Sequence[KnownRoot]) -> None:
        with target.root.open() as folder:
            if target.id not in self._there:
                self._tidy(folder)
            device = os.fstat(folder.fd).st_dev
            self._follow_records(target, folder, originals)
        is_same_disk = device in _devices(originals)
        if is_same_disk != target.is_same_disk:
            log.info("backup.target_disk", target=target.name, is_same_disk=is_same_disk)
            self._database.run(
                lambda session: repository.set_same_disk(
                    session, target.id, is_same_disk=is_same_disk
                )
            )

    def _follow(self, targets: Sequence[Target], there: set[UUID]) -> None:
        for target_id in sorted(there - self._there):
            self._in_batches(
                functools.partial(repository.parked_for, target_id=target_id, limit=_BATCH),
                lambda session, ids: ledger.retry(
                    session, stages.BACKED_UP.name, asset_ids=ids, now=self._clock.now()
                ),
            )
        self._there = frozenset(there)
        known = frozenset(target.id for target in targets)
        if known - self._known:
            self._in_batches(
                lambda session: repository.finished_but_incomplete(session, _BATCH),
                lambda session, ids: ledger.clear(
                    session, stages.BACKED_UP.name, ids, now=self._clock.now()
                ),
            )
        self._known = known

    def _in_batches(
        self,
        find: Callable[[orm.Session], list[UUID]],
        change: Callable[[orm.Session, list[UUID]], object],
    ) -> None:
        def one(session: orm.Session) -> int:
            found = find(session)
            if found:
                change(session, found)
            return len(found)

        while self._database.run(one):
            pass

    def _follow_records(
        self, target: Target, folder: RootFolder, originals: Sequence[KnownRoot]
    ) -> None:
        now_s = self._clock.monotonic()
        if now_s - self._records_at_s.get(target.id, -math.inf) < RECORDS_EVERY_S:
            return
        self._records_at_s[target.id] = now_s
        for known in originals:
            with (
                contextlib.suppress(DependencyError),
                known.open(is_for_writing=False) as root,
                copying.blaming_target(target.name),
            ):
                records.follow(root, folder)

    def _tidy(self, folder: RootFolder) -> None:
        """Remove what a killed backup left half-copied."""
        oldest_kept_s = self._clock.now().timestamp() - LEFT_OVER_S
        with os.scandir(folder.temporary_fd) as entries:
            for entry in entries:
                is_ours = entry.name.startswith(copying.TEMPORARY_PREFIX)
                if is_ours and entry.stat().st_mtime < oldest_kept_s:
                    publish.discard_temporary(folder.temporary_fd, os.fsencode(entry.name))


def _devices(originals: Sequence[KnownRoot]) -> set[int]:
    found = set()
    for known in originals:
        with contextlib.suppress(DependencyError), known.open(is_for_writing=False) as folder:
            found.add(os.fstat(folder.fd).st_dev)
    return found
