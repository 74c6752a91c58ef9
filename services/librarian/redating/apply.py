"""The job that makes the changes of a redate, a clock fix or an undo: dates first, then files.

Many at once need a person's leave first (`brake.py`), whoever asked for the job.
Each item is planned until everything of it is done, so a restart goes on with what is left; what
is done of an item is seen from the asset itself and not done again. A job of the type `move` dates
nothing: it brings the partners of pictures to where these are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import exc, orm

from librarian import high_water, record_writing
from librarian.desk import Desk
from librarian.originals import Originals
from librarian.redating import brake, plan, settling
from librarian.redating.decisions import Decision, New, Stored
from librarian.redating.moving import Mover, StaysError
from librarian.repository import originals as original_rows
from librarian.repository import pairs
from librarian.repository import redating as rows
from shared import database as databases
from shared import errors, event_log, events, faults, jobs, ledger, models
from shared.disk import roots
from shared.disk.root_folder import KnownRoot

log = structlog.get_logger()

BATCH: Final = 100
TRIES: Final = 3


class RedateJob:
    """One running job; `visit` does one batch."""

    def __init__(self, job: models.Job, desk: Desk) -> None:
        self.job_id: UUID = job.id
        self._type = job.type
        self._undoes = job.undoes_job_id
        self._desk = desk
        self._has_leave = job.type == pairs.JOB
        self._tries: defaultdict[UUID, int] = defaultdict(int)

    def visit(self) -> bool:
        """Go on for one batch; return whether the job is complete.

        True as well when it is held for a person. Raises DependencyError while a root is away or
        frozen; nothing is written then.
        """
        with self._desk.database.read() as session:
            if not jobs.is_wanted(session, self.job_id):
                return True
            items = rows.planned(session, self.job_id, limit=BATCH)
            stored = rows.load(session, [item.asset_id for item in items])
            known = _roots_of(session, stored)
            zone = original_rows.default_zone(session)
        try:
            for root in known.values():
                root.open().close()
            if not self._is_allowed():
                return True
            self._date(items, stored, zone)
            self._file([item.asset_id for item in items])
        except OSError as error:
            raise errors.DependencyError("originals", str(error)) from error
        counts = self._desk.database.run(self._progress)
        return not counts.get("planned")

    def _is_allowed(self) -> bool:
        """Ask the brake once, before anything is written."""
        if not self._has_leave:
            self._has_leave = self._desk.database.run(
                lambda session: brake.allows(session, self.job_id, self._desk.brake)
            )
        return self._has_leave

    def _progress(self, session: orm.Session) -> dict[str, int]:
        counts = rows.counts(session, self.job_id)
        jobs.progress(session, self.job_id, counts)
        return counts

    def _date(
        self, items: Sequence[models.JobAsset], stored: Mapping[UUID, Stored], zone: str | None
    ) -> None:
        """Write the decisions; leave alone what changed since a person saw the preview."""
        new: list[New] = []
        left: defaultdict[str, list[UUID]] = defaultdict(list)
        for item in items:
            present = stored.get(item.asset_id)
            found = (
                settling.settle(item.before, item.after, present, zone)
                if present is not None
                else "removed from the library"
            )
            if isinstance(found, New):
                new.append(found)
            elif found is not None:
                left[found].append(item.asset_id)

        def write(session: orm.Session) -> None:
            for reason, ids in left.items():
                rows.settle(session, self.job_id, ids, "skipped", reason)
            self._write(session, new, stored)

        self._desk.database.run(write)
        faults.point("redate.dated")

    def _write(
        self, session: orm.Session, new: Sequence[New], stored: Mapping[UUID, Stored]
    ) -> None:
        """Write what nobody has changed since it was read; the rest has its turn again."""
        now = self._desk.clock.now()
        locked = ledger.lock(session, [each.asset_id for each in new])
        ours = [each for each in new if locked.get(each.asset_id) == each.revision]
        rows.write(session, self.job_id, ours, now)
        told = [
            events.AssetRedatedV1(
                asset_id=each.asset_id,
                revision=each.revision + 1,
                captured_at_before=stored[each.asset_id].decision.captured_at,
                captured_at=each.decision.captured_at,
                captured_at_source=each.decision.source,
                date_confidence=each.decision.confidence,
                reason=plan.REASONS[self._type],
                job_id=self.job_id,
            )
            for each in ours
        ]
        event_log.append(session, told, now=now)

    def _file(self, asset_ids: Sequence[UUID]) -> None:
        """Move what has to move, tell the folders' records, and close the items."""
        with self._desk.database.read() as session:
            items = rows.planned(session, self.job_id, limit=BATCH, of=asset_ids)
            stored = rows.load(session, [item.asset_id for item in items])
            known = _roots_of(session, stored)
        dated = [
            item
            for item in items
            if item.asset_id in stored and self._is_dated(item, stored[item.asset_id])
        ]
        for root_id, root in known.items():
            with root.open() as folder:
                high_water.check(self._desk.database, folder)
                originals = Originals(folder, self._desk.owner)
                self._file_in(
                    originals, [i for i in dated if stored[i.asset_id].root_id == root_id]
                )
                temporary = originals.new_temporary_name()
                high_water.raise_to_now(self._desk.database, folder, temporary=temporary)
        self._close([i.asset_id for i in dated if stored[i.asset_id].root_id is None])

    def _is_dated(self, item: models.JobAsset, stored: Stored) -> bool:
        if item.after.get(pairs.FOLLOWS):
            return True
        wanted = Decision.from_json(item.after["decision"])
        return (stored.decision, stored.override) == (wanted, item.after["override"])

    def _file_in(self, originals: Originals, items: Sequence[models.JobAsset]) -> None:
        desk = self._desk
        reason = "paired" if self._type == pairs.JOB else "redated"
        mover = Mover(desk.database, originals, desk.clock, self.job_id, reason)
        staying = [item.asset_id for item in items if not moves(item)]
        record_writing.write_ledgers_view(desk.database, originals, staying)
        faults.point("redate.told")
        self._close(staying)
        for item in items:
            if desk.stop.is_requested:
                return
            if moves(item):
                self._move(mover, item)

    def _move(self, mover: Mover, item: models.JobAsset) -> None:
        try:
            mover.move(item.asset_id, self._wanted(item))
        except StaysError as error:
            self._close([item.asset_id], f"the file stayed: {error}")
        except errors.TransientError as error:
            self._try_again_later(item.asset_id, str(error))
        except exc.OperationalError as error:
            if not databases.is_conflict(error):
                raise
            self._try_again_later(item.asset_id, "somebody else works on it")
        else:
            faults.point("move.done")
            self._close([item.asset_id])

    def _wanted(self, item: models.JobAsset) -> Mapping[str, Any]:
        """What a planned item wants; the place of a partner is where its picture is by now."""
        if not item.after.get(pairs.FOLLOWS):
            return item.after
        with self._desk.database.read() as session:
            path = pairs.paths_beside(session, [item.asset_id]).get(item.asset_id)
        return {**item.after, "path": path}

    def _try_again_later(self, asset_id: UUID, reason: str) -> None:
        """Leave an item planned, but not for ever."""
        log.warning("original.not_moved", asset_id=str(asset_id), reason=reason)
        self._tries[asset_id] += 1
        if self._tries[asset_id] >= TRIES:
            self._close([asset_id], f"the file stayed: {reason}")

    def _close(self, ids: Sequence[UUID], reason: str | None = None) -> None:
        if not ids:
            return

        def close(session: orm.Session) -> None:
            rows.settle(session, self.job_id, ids, "applied", reason)
            if self._undoes is not None:
                rows.undone(session, self._undoes, ids)

        self._desk.database.run(close)


def _roots_of(session: orm.Session, stored: Mapping[UUID, Stored]) -> dict[UUID, KnownRoot]:
    ids = {each.root_id for each in stored.values()}
    return {
        root_id: roots.known(session, roots.get(session, root_id))
        for root_id in ids
        if root_id is not None
    }


def moves(item: models.JobAsset) -> bool:
    """Whether an item takes its file elsewhere."""
    return any(item.after.get(key) for key in ("folder", "path", pairs.FOLLOWS))
