"""The loop of a stage service: events first, then what is due, one after the other."""

from collections.abc import Sequence
from typing import Any

from shared import heartbeat, metrics, process, service
from shared.clock import Clock
from shared.settings import Settings
from shared.stages import consumer, delivery, stage_runner, sweeper
from shared.transport import readers
from shared.transport.event_reader import EventReader

POLL_S = 2.0
SWEEP_EVERY_S = 15.0
SWEEP_AT_LEAST_EVERY_S = 600.0
SWEEP_PAUSE_FACTOR = 50.0
"""A sweep that finds nothing in a large ledger takes at most two percent of the time."""


def stage_loop(
    context: service.Context[Settings],
    handler: stage_runner.StageHandler[Any, Any],
    *,
    batch_size: int = 32,
    policy: delivery.Policy | None = None,
) -> service.Loop:
    """Return the loop that runs ``handler`` for ``service.run``.

    ``batch_size`` assets are recorded together: few where work takes seconds, many where it is
    quick.
    """

    async def run(pulse: heartbeat.Pulse) -> None:
        reader = readers.open_reader(
            context.database,
            context.settings.kafka_bootstrap_servers,
            group=handler.stage.service,
            topics=handler.stage.topics,
        )
        frame = stage_runner.Frame(
            context.database, context.owner, context.clock, context.stop, pulse
        )
        runner = stage_runner.StageRunner(handler, frame, policy=policy)
        await StageLoop(reader, runner, batch_size=batch_size).run()

    return service.Loop(handler.stage.name, run)


class StageLoop:
    """Alternates between the consumer and the sweeper until the stop."""

    def __init__(
        self,
        reader: EventReader,
        runner: stage_runner.StageRunner[Any, Any],
        *,
        batch_size: int = 32,
        poll_s: float = POLL_S,
        sweep_every_s: float = SWEEP_EVERY_S,
    ) -> None:
        self._reader = reader
        self._runner = runner
        self._stop: process.Stop = runner.frame.stop
        self._clock: Clock = runner.frame.clock
        self._pulse = runner.frame.pulse
        self._poll_s = poll_s
        self._sweep_every_s = sweep_every_s
        self._sweep_at_s = self._clock.monotonic()
        self._is_waiting = False
        self._sweeper = sweeper.Sweeper(runner, limit=batch_size)
        self._consumer = consumer.Consumer(
            service=runner.stage.service,
            reader=reader,
            settle=self._settle,
            database=runner.frame.database,
            clock=self._clock,
            stop=self._stop,
            pulse=self._pulse,
            max_records=batch_size,
        )

    async def run(self) -> None:
        """Go on until the stop; a DependencyError of the log escapes and the loop is run again."""
        try:
            await self._reader.start()
            while not self._stop.is_requested:
                await self._pass()
        finally:
            await self._reader.stop()

    async def _pass(self) -> None:
        is_due = self._clock.monotonic() >= self._sweep_at_s
        taken = await self._consumer.run_once(timeout_s=0.0 if is_due else self._poll_s)
        if self._stop.is_requested:
            return
        if is_due:
            await self._sweep(is_idle=not taken)
        if self._is_waiting:
            self._pulse.beat()
        else:
            self._pulse.succeeded(f"{self._runner.stage.name}: {'working' if taken else 'idle'}")

    async def _sweep(self, *, is_idle: bool) -> None:
        began_at_s = self._clock.monotonic()
        lag = await self._reader.lag()
        metrics.CONSUMER_LAG.labels(self._runner.stage.service).set(lag)
        swept = await self._sweeper.sweep(is_idle=is_idle and lag == 0)
        self._is_waiting = swept.waiting_for is not None
        if swept.waiting_for:
            self._pulse.waiting(swept.waiting_for)
        now_s = self._clock.monotonic()
        in_proportion_s = min(SWEEP_PAUSE_FACTOR * (now_s - began_at_s), SWEEP_AT_LEAST_EVERY_S)
        pause_s = max(self._sweep_every_s, in_proportion_s)
        self._sweep_at_s = now_s if swept.found else now_s + pause_s

    async def _settle(
        self, deliveries: Sequence[consumer.Delivery], is_stale: consumer.IsStale
    ) -> str | None:
        """Hand the assets of events to the runner; an event of no asset needs nothing."""
        by_delivery = [
            (delivered, delivered.envelope.data.subject_asset)
            for delivered in deliveries
            if delivered.envelope is not None
        ]
        asset_ids = {asset_id for _, asset_id in by_delivery if asset_id is not None}
        outcome = await self._runner.run_fresh(asset_ids, is_stale=is_stale)
        for delivered, asset_id in by_delivery:
            delivered.is_finished = asset_id not in outcome.unsettled
        if outcome.waiting_for is None:
            self._is_waiting = False
        return outcome.waiting_for
