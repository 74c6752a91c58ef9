"""The work of one run: bounded threads, tries, and the decision about every failure."""

import asyncio
from collections import deque
from datetime import timedelta
from typing import Generic, assert_never
from uuid import UUID

import structlog

from shared import ledger, metrics
from shared.stages import delivery
from shared.stages.stage_handler import Batch, Frame, Item, Result, StageHandler

WORK_GRACE_S = 3.0
"""So long may work go on after the stop; the rest of the grace is for recording."""

log = structlog.get_logger()


class StageWork(Generic[Item, Result]):
    """Calls ``work`` for the items of a batch; the breaker outlives the batches."""

    def __init__(
        self,
        handler: StageHandler[Item, Result],
        frame: Frame,
        policy: delivery.Policy,
        breaker: delivery.Breaker,
    ) -> None:
        self._handler = handler
        self._name = handler.stage.name
        self._frame = frame
        self._policy = policy
        self._breaker = breaker
        self._probes = 0

    async def run(self, batch: Batch[Item, Result]) -> None:
        """Fill in results and failures; leave the rest out at a stop, a wait or a revoke."""
        queue = deque(self._choose(batch.todo))
        width = min(self._handler.parallelism, len(queue))
        if not width:
            return
        async with asyncio.TaskGroup() as group:
            workers = [
                group.create_task(self._drain(queue, batch), name=f"{self._name}-{number}")
                for number in range(width)
            ]
            reaper = group.create_task(self._abandon_after_grace(workers))
            await asyncio.wait(workers)
            reaper.cancel()

    def _choose(self, todo: list[tuple[UUID, Item]]) -> list[tuple[UUID, Item]]:
        """Return all, or while the breaker is open one that was not just tried."""
        if not self._breaker.is_open or not todo:
            return todo
        self._probes += 1
        return [todo[self._probes % len(todo)]]

    async def _drain(self, queue: deque[tuple[UUID, Item]], batch: Batch[Item, Result]) -> None:
        while queue and not self._is_over(batch):
            asset_id, item = queue.popleft()
            await self._try_until_decided(asset_id, item, batch)
            self._frame.pulse.beat()

    def _is_over(self, batch: Batch[Item, Result]) -> bool:
        return self._frame.stop.is_requested or batch.waiting_for is not None or batch.is_stale()

    async def _try_until_decided(
        self, asset_id: UUID, item: Item, batch: Batch[Item, Result]
    ) -> None:
        attempt = 0
        while True:
            attempt += 1
            try:
                with metrics.STAGE_WORK.labels(self._name).time():
                    result = await asyncio.to_thread(self._handler.work, item)
            except Exception as error:  # noqa: BLE001  the decision names every kind
                decision = self._decide(error, attempt, batch.parked_times.get(asset_id, 0))
                self._report(asset_id, decision, error)
                if not isinstance(decision, delivery.Retry):
                    self._settle(asset_id, decision, attempt, batch)
                    return
                if await self._frame.stop.wait(decision.delay_s):
                    return
            else:
                self._breaker.note(unknown=False)
                batch.results[asset_id] = result
                return

    def _decide(self, error: Exception, attempt: int, parked_times: int) -> delivery.Decision:
        decision = delivery.decide(
            error, attempt=attempt, parked_times=parked_times, policy=self._policy
        )
        if isinstance(decision, delivery.Retry | delivery.Wait):
            return decision
        return self.past_breaker(error, decision)

    def past_breaker(self, error: Exception, decision: delivery.Decision) -> delivery.Decision:
        """Return ``decision``, or a wait when ``error`` is one of too many that nobody knows."""
        self._breaker.note(unknown=delivery.is_unknown(error))
        metrics.BREAKER_OPEN.labels(self._name).set(self._breaker.is_open)
        if self._breaker.is_open:
            return delivery.Wait("breaker", f"too many unknown errors: {delivery.describe(error)}")
        return decision

    def _settle(
        self,
        asset_id: UUID,
        decision: delivery.Decision,
        attempt: int,
        batch: Batch[Item, Result],
    ) -> None:
        match decision:
            case delivery.Wait():
                batch.waiting_for = decision.reason
            case delivery.Park():
                due = self._frame.clock.now() + timedelta(seconds=decision.delay_s)
                batch.failures.append(
                    ledger.Failure(
                        asset_id,
                        decision.reason,
                        permanent=False,
                        next_attempt_at=due,
                        attempts=attempt,
                    )
                )
            case delivery.Quarantine() | delivery.DeadLetter():
                batch.failures.append(
                    ledger.Failure(asset_id, decision.reason, permanent=True, attempts=attempt)
                )
            case delivery.Retry():
                raise AssertionError("a retry settles nothing")
            case _:
                assert_never(decision)

    def _report(self, asset_id: UUID, decision: delivery.Decision, error: Exception) -> None:
        outcome = delivery.as_outcome(decision)
        metrics.STAGE_RESULTS.labels(self._name, outcome).inc()
        facts = {"stage": self._name, "asset_id": str(asset_id), "outcome": outcome}
        if delivery.is_unknown(error):
            log.error("stage.try_failed", exc_info=error, **facts)
        else:
            log.warning("stage.try_failed", error=str(error), **facts)

    async def _abandon_after_grace(self, workers: list[asyncio.Task[None]]) -> None:
        await self._frame.stop.wait()
        await asyncio.sleep(WORK_GRACE_S)
        for worker in workers:
            worker.cancel()
