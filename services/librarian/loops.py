"""The librarian's day: every inbox in turn, then the job that is asked for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol
from uuid import UUID

import structlog
from sqlalchemy import orm

from librarian.arrivals import Mode
from librarian.desk import Desk
from librarian.inbox import Inbox
from librarian.ingest import IngestJob
from librarian.redating.apply import RedateJob
from librarian.repository import sources
from shared import heartbeat, jobs, models, process
from shared.errors import PermanentError
from shared.stages import delivery
from shared.stages.stage_handler import NOT_NOW

log = structlog.get_logger()

TICK_S: Final = 1.0
RELOAD_S: Final = 15.0
OFFLINE_PAUSE_S: Final = 10.0
FAILED_PAUSE_S: Final = 60.0


class Worker(Protocol):
    """Works off one job, a short visit at a time."""

    job_id: UUID

    def visit(self) -> bool:
        """Go on for a while; return whether the job is complete.

        Raises PermanentError (the job has failed) and DependencyError (go on later).
        """
        ...


def _ingest(job: models.Job, desk: Desk) -> Worker:
    mode: Mode = "move" if job.params.get("mode") == "move" else "copy"
    return IngestJob(job.id, job.params["paths"], mode, desk)


WORKERS: Final[Mapping[str, Callable[[models.Job, Desk], Worker]]] = MappingProxyType(
    {
        "ingest": _ingest,
        "redate": RedateJob,
        "clock_fix": RedateJob,
        "companions": RedateJob,
        "undo": RedateJob,
        "move": RedateJob,
    }
)
"""Who works off which type of job."""


class Rounds:
    """One round visits whatever is due; each visit is short, so that nobody waits long."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._wake = threading.Event()
        self._inboxes: dict[UUID, Inbox] = {}
        self._paused_until: dict[UUID, float] = {}
        self._reload_at = 0.0
        self._job: Worker | None = None
        self._job_type = ""
        self._trouble: dict[UUID, str] = {}

    async def run(self, pulse: heartbeat.Pulse, stop: process.Stop) -> None:
        """Go round until the stop."""
        while not stop.is_requested:
            waiting_s = await asyncio.to_thread(self.once)
            if self._trouble:
                pulse.waiting("; ".join(self._trouble.values()))
            else:
                pulse.succeeded(self._task())
            await asyncio.to_thread(self._wake.wait, min(waiting_s, TICK_S))
            self._wake.clear()

    def once(self) -> float:
        """Visit what is due; return in how many seconds the next visit is worth it."""
        now = self._desk.clock.monotonic()
        if now >= self._reload_at:
            self._reload()
            self._reload_at = now + RELOAD_S
        for source_id, inbox in list(self._inboxes.items()):
            inbox.hinted()
            if inbox.due_in_s() <= 0 and self._desk.clock.monotonic() >= self._pause_end(source_id):
                self._visit(source_id, inbox)
        self._work_on_job()
        due = [inbox.due_in_s() for inbox in self._inboxes.values()]
        return min([TICK_S, *due]) if not self._job else 0.1

    def close(self) -> None:
        """End the watching of every inbox."""
        for inbox in self._inboxes.values():
            inbox.close()

    def _pause_end(self, source_id: UUID) -> float:
        return self._paused_until.get(source_id, 0.0)

    def _task(self) -> str:
        busy = [box.source.name for box in self._inboxes.values() if box.is_busy]
        if self._job:
            return f"Processing a job: {self._job_type}"
        return f"Processing files in {', '.join(busy)}" if busy else "Watching inboxes"

    def _reload(self) -> None:
        """Follow the ledger: inboxes come and go while we run, drafts are left behind."""
        now = self._desk.clock.now()
        self._desk.database.run(lambda session: jobs.end_drafts(session, now=now))
        with self._desk.database.read() as session:
            present = {source.id: source for source in sources.inboxes(session)}
        for source_id in self._inboxes.keys() - present.keys():
            self._inboxes.pop(source_id).close()
            self._trouble.pop(source_id, None)
        for source_id, source in present.items():
            known = self._inboxes.get(source_id)
            if known and known.source != source:
                known.close()
                known = None
            if known is None:
                self._inboxes[source_id] = Inbox(source, self._desk, self._wake)

    def _visit(self, source_id: UUID, inbox: Inbox) -> None:
        try:
            inbox.visit()
        except NOT_NOW as error:
            if self._trouble.get(source_id) != str(error):
                log.warning("inbox.waiting", inbox=inbox.source.name, reason=str(error))
            self._pause(source_id, str(error), OFFLINE_PAUSE_S)
        except Exception as error:
            log.exception("inbox.failed", inbox=inbox.source.name)
            self._pause(
                source_id, f"{inbox.source.name}: {delivery.describe(error)}", FAILED_PAUSE_S
            )
        else:
            self._trouble.pop(source_id, None)

    def _pause(self, source_id: UUID, reason: str, pause_s: float) -> None:
        self._trouble[source_id] = reason
        self._paused_until[source_id] = self._desk.clock.monotonic() + pause_s

    def _work_on_job(self) -> None:
        if self._job is None:
            self._job = self._next_job()
        if self._job is None:
            return
        job_id = self._job.job_id
        try:
            is_complete = self._job.visit()
        except PermanentError as error:
            self._end_job(job_id, str(error))
        except NOT_NOW as error:
            self._trouble[job_id] = str(error)
        except Exception as error:
            log.exception("job.failed", job_id=str(job_id))
            self._end_job(job_id, delivery.describe(error))
        else:
            self._trouble.pop(job_id, None)
            if is_complete:
                self._end_job(job_id, None)

    def _end_job(self, job_id: UUID, error: str | None) -> None:
        now = self._desk.clock.now()

        def end(session: orm.Session) -> None:
            if error:
                jobs.fail(session, job_id, error, now=now)
            else:
                jobs.finish(session, job_id, now=now)

        self._desk.database.run(end)
        self._trouble.pop(job_id, None)
        self._job = None

    def _next_job(self) -> Worker | None:
        desk = self._desk
        job = desk.database.run(
            lambda session: jobs.claim(
                session, tuple(WORKERS), owner=desk.owner, now=desk.clock.now()
            )
        )
        if job is None:
            return None
        self._job_type = job.type
        try:
            return WORKERS[job.type](job, desk)
        except (KeyError, TypeError, ValueError) as error:
            self._end_job(job.id, f"its parameters make no sense: {delivery.describe(error)}")
            return None
