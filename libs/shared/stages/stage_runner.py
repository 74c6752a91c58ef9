"""Runs a stage's work on claimed assets and records what came of it; consumer and sweeper use it.

A stage service is one handler object and three lines of wiring:

    class Handler:
        stage = stages.THUMBNAILED
        parallelism = 2                     # threads that call ``work``

        def load(self, session, asset_ids):
            rows = repository.originals(session, asset_ids)     # the present state, never an event
            return {row.id: Work(row.id, row.relative_path) for row in rows}

        def work(self, item):               # blocking, in a thread; no database; own time limit
            try:
                return render(item)         # files only, idempotent
            except Truncated as error:
                raise PermanentError(str(error)) from error

        def record(self, session, results, *, now):     # short: a few statements for all
            repository.save_renditions(session, results.values())
            done = [ledger.Done(id, event(result)) for id, result in results.items()]
            ledger.complete(session, self.stage.name, done,
                            version=self.stage.producer_version, now=now)

    def build(context):
        return [stage_loop.stage_loop(context, Handler(...))]

What ``load`` leaves out becomes "not applicable". ``work`` may raise PermanentError (quarantined),
TransientError or OSError (tried again, then parked), DependencyError (everything waits); anything
else is a bug: tried once more, then quarantined, and many of them open the breaker.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic
from uuid import UUID

import structlog
from sqlalchemy import exc, orm

from shared import waits
from shared.errors import PhotoFactoryError
from shared.stages import delivery, stage_queue
from shared.stages.stage_handler import NOT_NOW, Batch, Finished, Item, Result
from shared.stages.stage_handler import Frame as Frame
from shared.stages.stage_handler import StageHandler as StageHandler
from shared.stages.stage_record import StageRecord
from shared.stages.stage_work import StageWork

log = structlog.get_logger()

Claim = Callable[[orm.Session], Sequence[UUID]]
"""Claims assets for us in the transaction of ``session``; returns those that are ours now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one run.

    ``unsettled`` assets were given back: because of ``waiting_for``, the stop or a revoke.
    """

    claimed: int
    unsettled: frozenset[UUID]
    waiting_for: str | None = None


class StageRunner(Generic[Item, Result]):
    """Claims, works with bounded parallelism, records; one run at a time.

    Invariant: after ``run`` no claim of ours is left but those that the database did not take
    back, and these are given back before the next claim.
    """

    def __init__(
        self,
        handler: StageHandler[Item, Result],
        frame: Frame,
        *,
        policy: delivery.Policy | None = None,
        breaker: delivery.Breaker | None = None,
    ) -> None:
        self.stage = handler.stage
        self.frame = frame
        self._handler = handler
        self._work = StageWork(
            handler, frame, policy or delivery.Policy(), breaker or delivery.Breaker()
        )
        self._record = StageRecord(handler, frame, self._work)

    async def run_fresh(
        self, asset_ids: Collection[UUID], *, is_stale: Callable[[], bool]
    ) -> Outcome:
        """Handle the assets of events; what others hold or have done counts as settled."""

        def claim(session: orm.Session) -> Sequence[UUID]:
            return stage_queue.claim_fresh(
                session,
                self.stage,
                list(asset_ids),
                owner=self.frame.owner.id,
                now=self.frame.clock.now(),
            )

        return await self.run(claim, wanted=asset_ids, is_stale=is_stale)

    async def run(
        self,
        claim: Claim,
        *,
        wanted: Collection[UUID] = (),
        is_stale: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Handle what ``claim`` claims; ``wanted`` is unsettled when nothing can be claimed now."""
        try:
            batch = await asyncio.to_thread(self._begin, claim, is_stale)
        except NOT_NOW as error:
            return Outcome(0, frozenset(wanted), str(error))
        claimed = frozenset([*(key for key, _ in batch.todo), *batch.nothing_to_do, *_ids(batch)])
        await self._work.run(batch)
        is_recorded = await self._record_until_done(batch.finished)
        settled = batch.finished.asset_ids if is_recorded else frozenset()
        if settled != claimed:
            await self._give_back()
        return Outcome(len(claimed), claimed - settled, batch.waiting_for)

    def _begin(self, claim: Claim, is_stale: Callable[[], bool]) -> Batch[Item, Result]:
        self.frame.owner.keep()

        def begin(session: orm.Session) -> Batch[Item, Result]:
            self._release(session)
            claimed = claim(session)
            batch = Batch[Item, Result]([], {}, is_stale)
            if claimed:
                self._load(session, claimed, batch)
                batch.parked_times = stage_queue.parked_times(session, self.stage, claimed)
            return batch

        return self.frame.database.run(begin)

    def _load(
        self, session: orm.Session, claimed: Sequence[UUID], batch: Batch[Item, Result]
    ) -> None:
        """Load all at once; when that fails, one by one, so that one row blames itself."""
        try:
            self._take(self._handler.load(session, claimed), claimed, batch)
        except (PhotoFactoryError, exc.SQLAlchemyError):
            raise
        except Exception:
            log.exception("stage.load_failed", stage=self.stage.name)
            for asset_id in claimed:
                self._load_one(session, asset_id, batch)

    def _load_one(self, session: orm.Session, asset_id: UUID, batch: Batch[Item, Result]) -> None:
        try:
            self._take(self._handler.load(session, [asset_id]), [asset_id], batch)
        except (PhotoFactoryError, exc.SQLAlchemyError):
            raise
        except Exception as error:  # noqa: BLE001  logged by the caller
            batch.failures.append(self._record.blame(error, asset_id))

    def _take(
        self, items: Mapping[UUID, Item], claimed: Sequence[UUID], batch: Batch[Item, Result]
    ) -> None:
        batch.todo.extend((key, items[key]) for key in claimed if key in items)
        batch.nothing_to_do.extend(key for key in claimed if key not in items)

    async def _record_until_done(self, finished: Finished[Result]) -> bool:
        """Return whether it is in the ledger; results are kept while the database is away."""
        back_off = waits.BackOff(self.frame.stop)
        while finished.asset_ids:
            try:
                await asyncio.to_thread(self._record.record, finished)
            except NOT_NOW as error:
                self.frame.pulse.waiting(str(error))
                if await back_off.pause():
                    return False
            else:
                break
        return True

    async def _give_back(self) -> None:
        try:
            await asyncio.to_thread(self.frame.database.run, self._release)
        except NOT_NOW as error:  # the next claim does it, or our end
            log.warning("stage.release_failed", stage=self.stage.name, error=str(error))

    def _release(self, session: orm.Session) -> int:
        return stage_queue.release(
            session, self.stage, owner=self.frame.owner.id, now=self.frame.clock.now()
        )


def _ids(batch: Batch[Item, Result]) -> list[UUID]:
    return [failure.asset_id for failure in batch.failures]
