"""The whole main of a service: settings, logs, health, database, loops, signals, exit code.

    def build(context: service.Context[ThumbnailerSettings]) -> Sequence[service.Loop]:
        handler = Handler(context.settings, context.database)
        return [stage_runner.loop(context, handler)]

    def main() -> int:
        return service.run("thumbnailer", ThumbnailerSettings, build)

``build`` runs in a thread and is called again while it raises DependencyError. What it opens goes
into ``context.resources`` and is closed after the loops, in reverse order.
"""

import asyncio
import dataclasses
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent import futures
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

import pydantic
import structlog
from sqlalchemy import exc, orm

from shared import health, heartbeat, logs, process, waits
from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.disk import publish
from shared.errors import DependencyError
from shared.ownership import Owner
from shared.settings import Settings
from shared.stages import delivery
from shared.transport import epoch

GRACE_S = 5.0
"""Work that would not end within this time after the first signal is abandoned."""

THREADS = 32
STOPPED, FAILED, MISCONFIGURED = 0, 1, 2

S = TypeVar("S", bound=Settings)
S_co = TypeVar("S_co", bound=Settings, covariant=True)
Result = TypeVar("Result")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Context(Generic[S_co]):
    """What a service is built from; lives as long as the process."""

    name: str
    settings: S_co
    database: Database
    owner: Owner
    clock: Clock
    stop: process.Stop
    pulses: heartbeat.Pulses
    resources: ExitStack


@dataclass(frozen=True, slots=True)
class Loop:
    """Something that goes on until ``stop``; beats its pulse with each pass.

    A DependencyError that escapes is waited for and the loop is run again; any other error, or a
    return before the stop, ends the service.
    """

    name: str
    run: Callable[[heartbeat.Pulse], Awaitable[None]]


Build = Callable[[Context[S]], Sequence[Loop]]


def run(name: str, settings_class: type[S], build: Build[S]) -> int:
    """Run a service until a signal, its parent's end or a failure; return the exit code.

    0 stopped as asked, 1 a loop failed, 2 wrong settings, 3 stuck (from the watchdog).
    """
    try:
        settings = settings_class()
    except pydantic.ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            sys.stderr.write(f"{name}: setting {fault['loc']}: {fault['msg']}\n")
        return MISCONFIGURED
    logs.configure(name, settings.log_level)
    with asyncio.Runner() as runner:
        executor = futures.ThreadPoolExecutor(THREADS, thread_name_prefix="work")
        runner.get_loop().set_default_executor(executor)
        code = runner.run(_Service(name, settings, build).serve())
        if not process.ends_soon(executor):
            log.warning("service.work_abandoned")
            sys.stderr.flush()
            os._exit(code)  # a thread that hangs would keep the process for ever
    return code


class _Service(Generic[S]):
    """One run of a service."""

    def __init__(self, name: str, settings: S, build: Build[S]) -> None:
        self._name = name
        self._settings = settings
        self._build = build
        self._clock = SystemClock()
        self._pulses = heartbeat.Pulses(self._clock, publish.idle_s)
        self._starting: str | None = "starting"
        self._code = STOPPED

    async def serve(self) -> int:
        """Start, run the loops, stop; return the exit code."""
        stop = process.Stop()
        process.heed_signals(stop)
        if self._settings.parent_fd is not None:
            process.watch_parent(self._settings.parent_fd, stop.request)
        with ExitStack() as resources:
            database = resources.enter_context(
                Database(
                    self._settings.database_url.get_secret_value(), application_name=self._name
                )
            )
            self._open_health(resources, database)
            self._open_watchdog(resources)
            await self._start(stop, resources, database)
        log.info("service.stopped", code=self._code)
        return self._code

    async def _start(self, stop: process.Stop, resources: ExitStack, database: Database) -> None:
        pulse = self._pulses.add("start")
        try:
            await waits.until_usable(lambda: _check(database), pulse, stop)
            owner = await waits.until_usable(lambda: Owner(database), pulse, stop)
            resources.callback(owner.close)
            context = Context(
                name=self._name,
                settings=self._settings,
                database=database,
                owner=owner,
                clock=self._clock,
                stop=stop,
                pulses=self._pulses,
                resources=resources,
            )
            await self._run_loops(context, pulse)
        except waits.StoppedEarlyError:
            log.info("service.stopped_before_start")

    async def _run_loops(self, context: Context[S], starting: heartbeat.Pulse) -> None:
        beat = self._heartbeat(context)
        telling = Loop(heartbeat.OWN_PULSE, lambda pulse: beat.run(pulse, context.stop))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._guard(telling, context), name=telling.name)]
            tasks += [
                group.create_task(self._guard(loop, context), name=loop.name)
                for loop in await self._built(context, starting)
            ]
            await context.stop.wait()
            await _give_up_after_grace(tasks)

    async def _built(self, context: Context[S], pulse: heartbeat.Pulse) -> Sequence[Loop]:
        """Return the service's loops; none when it has to stop instead."""
        try:
            loops = await waits.until_usable(lambda: self._build_once(context), pulse, context.stop)
        except waits.StoppedEarlyError:
            return ()
        except Exception as error:
            log.exception("service.not_started")
            pulse.failed(delivery.describe(error))
            self._code = FAILED
            context.stop.request("not started")
            return ()
        self._pulses.remove(pulse)
        self._starting = None
        log.info("service.started", loops=[loop.name for loop in loops])
        return loops

    def _build_once(self, context: Context[S]) -> Sequence[Loop]:
        """Build; what a failed attempt opened is closed at once."""
        with ExitStack() as opened:
            loops = self._build(dataclasses.replace(context, resources=opened))
            context.resources.push(opened.pop_all())
            return loops

    def _heartbeat(self, context: Context[S]) -> heartbeat.Heartbeat:
        return heartbeat.Heartbeat(
            service=self._name,
            database=context.database,
            keep_alive=context.owner.keep,
            pulses=self._pulses,
            clock=self._clock,
            interval_s=self._settings.heartbeat_interval_s,
            stale_after_s=self._settings.stuck_after_s,
        )

    async def _guard(self, loop: Loop, context: Context[S]) -> None:
        """Run one loop; its failure is the failure of the service."""
        pulse = self._pulses.add(loop.name)
        try:
            await waits.again_after_waits(loop.run, pulse, context.stop)
        except Exception as error:
            log.exception("loop.failed", loop=loop.name)
            pulse.failed(delivery.describe(error))
            self._code = FAILED
        else:
            if not context.stop.is_requested:
                log.error("loop.ended", loop=loop.name)
                self._code = FAILED
        context.stop.request(f"{loop.name} ended")

    def _open_health(self, resources: ExitStack, database: Database) -> None:
        folder = self._settings.run_folder
        resources.enter_context(
            health.HealthServer(
                health.Checks(live=self._what_is_stuck, ready=lambda: self._not_ready(database)),
                host=self._settings.health_host,
                port=self._settings.health_port,
                port_file=folder / f"{self._name}.port" if folder else None,
            )
        )

    def _open_watchdog(self, resources: ExitStack) -> None:
        ended = threading.Event()
        resources.callback(ended.set)
        process.watch_progress(
            self._pulses.oldest_age_s, limit_s=self._settings.stuck_after_s, ended=ended
        )

    def _what_is_stuck(self) -> list[str]:
        age = self._pulses.oldest_age_s()
        return [f"no progress for {age:.0f} s"] if age > self._settings.stuck_after_s else []

    def _not_ready(self, database: Database) -> list[str]:
        troubles = self._pulses.troubles()
        if self._starting:
            return troubles or [self._starting]
        try:
            database.ping()
        except DependencyError as error:
            troubles.append(str(error))
        return troubles


async def _give_up_after_grace(tasks: Sequence[asyncio.Task[None]]) -> None:
    _, late = await asyncio.wait(tasks, timeout=GRACE_S)
    for task in late:
        log.warning("loop.abandoned", loop=task.get_name())
        task.cancel()


def _check(database: Database) -> None:
    """Return when the ledger is there and at home; raise DependencyError otherwise."""

    def check(session: orm.Session) -> None:
        epoch.check(session)

    try:
        with database.read() as session:
            check(session)
    except (exc.ProgrammingError, exc.NoResultFound) as error:
        raise DependencyError("database", "the ledger is not set up yet") from error
