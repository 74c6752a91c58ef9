"""Recording: what a run found out becomes rows, flags and events in one transaction."""

from collections import Counter
from typing import Generic
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy import exc, orm

from shared import database as databases
from shared import ledger, metrics
from shared.errors import DependencyError
from shared.stages import delivery, stage_queue
from shared.stages.stage_handler import NOT_NOW, Finished, Frame, Item, Result, StageHandler
from shared.stages.stage_work import StageWork

log = structlog.get_logger()


class StageRecord(Generic[Item, Result]):
    """Writes finished assets; repeated row by row when a batch is refused."""

    def __init__(
        self,
        handler: StageHandler[Item, Result],
        frame: Frame,
        work: StageWork[Item, Result],
    ) -> None:
        self._handler = handler
        self._stage = handler.stage
        self._frame = frame
        self._work = work

    def record(self, finished: Finished[Result]) -> None:
        """Write ``finished``; raise one of NOT_NOW when it cannot be written now, call again.

        A value that the database refuses, or an error of ``record`` of the handler, is the error
        of its one asset.
        """
        try:
            with metrics.STAGE_BATCH.labels(self._stage.name).time():
                outcomes = self._frame.database.run(lambda session: self._write(session, finished))
        except Exception as error:
            if isinstance(error, NOT_NOW):
                raise
            self._record_singly(finished, error)
            return
        for outcome, count in outcomes.items():
            metrics.STAGE_RESULTS.labels(self._stage.name, outcome).inc(count)
        log.info("stage.recorded", stage=self._stage.name, **outcomes)

    def _record_singly(self, finished: Finished[Result], error: Exception) -> None:
        parts = finished.one_by_one()
        if len(parts) > 1:
            for part in parts:
                self.record(part)
        elif finished.results:
            self.record(Finished(failures=[self.blame(error, *finished.results)]))
        else:
            raise error

    def blame(self, error: Exception, asset_id: UUID) -> ledger.Failure:
        """Return the failure of one asset; raise DependencyError when the breaker opens."""
        reason = f"not recorded: {delivery.describe(error)}"
        refused = isinstance(error, exc.DBAPIError) and databases.is_refused_value(error)
        if not refused:
            log.error("stage.record_failed", asset_id=str(asset_id), exc_info=error)
            decision = self._work.past_breaker(error, delivery.Quarantine(reason))
            if isinstance(decision, delivery.Wait):
                raise DependencyError(decision.dependency, decision.reason) from error
        return ledger.Failure(asset_id, reason, permanent=True)

    def _write(self, session: orm.Session, finished: Finished[Result]) -> Counter[str]:
        now = self._frame.clock.now()
        name, version = self._stage.name, self._stage.producer_version
        held = stage_queue.still_ours(
            session, self._stage, list(finished.asset_ids), owner=self._frame.owner.id
        )
        results = {key: value for key, value in finished.results.items() if key in held}
        if results:
            self._handler.record(session, results, now=now)
            self._insist(session, results)
        failures = [each for each in finished.failures if each.asset_id in held]
        ledger.fail(session, name, failures, version=version, now=now)
        nothing = [asset_id for asset_id in finished.nothing_to_do if asset_id in held]
        ledger.not_applicable(session, name, nothing, version=version, now=now)
        return +Counter(
            done=len(results),
            not_applicable=len(nothing),
            lost=len(finished.asset_ids) - len(held),
        )

    def _insist(self, session: orm.Session, results: dict[UUID, Result]) -> None:
        """Raise when the handler told the ledger nothing: the sweeper would come for ever."""
        untold = session.scalar(
            sa.text(
                "select count(*) from asset_stages where asset_id = any(cast(:ids as uuid[]))"
                " and stage = :stage and state = 'running'"
            ),
            {"ids": list(results), "stage": self._stage.name},
        )
        if untold:
            raise RuntimeError(f"record left {untold} results of {self._stage.name} in the air")
