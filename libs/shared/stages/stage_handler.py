"""What a stage service provides, and what one run over a few assets consists of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import exc, orm

from shared import database as databases
from shared import heartbeat, ledger, ownership, process
from shared.clock import Clock
from shared.errors import DependencyError
from shared.stages.stages import Stage

Item = TypeVar("Item")
Result = TypeVar("Result")

NOT_NOW = (DependencyError, exc.OperationalError)
"""The database cannot take it now: gone, or the same rows in dispute again and again."""


class StageHandler(Protocol[Item, Result]):
    """What a service does for one stage; ``stage_runner`` has an example."""

    @property
    def stage(self) -> Stage:
        """Return the stage."""
        ...

    @property
    def parallelism(self) -> int:
        """Return how many threads may be in ``work`` at once."""
        ...

    def load(self, session: orm.Session, asset_ids: Sequence[UUID]) -> Mapping[UUID, Item]:
        """Return what to do for each asset now; what is left out has nothing to do."""
        ...

    def work(self, item: Item) -> Result:
        """Do it, in a thread, without writing to the database."""
        ...

    def record(
        self, session: orm.Session, results: Mapping[UUID, Result], *, now: datetime
    ) -> None:
        """Write own rows and call ``ledger.complete``, for all results; they are in id order."""
        ...


@dataclass(frozen=True, slots=True)
class Frame:
    """What a stage runs in."""

    database: databases.Database
    owner: ownership.Owner
    clock: Clock
    stop: process.Stop
    pulse: heartbeat.Pulse


@dataclass(frozen=True, slots=True)
class Finished(Generic[Result]):
    """What is to be recorded, each asset in one of the three."""

    results: Mapping[UUID, Result] = field(default_factory=dict)
    failures: Sequence[ledger.Failure] = ()
    nothing_to_do: Sequence[UUID] = ()

    @property
    def asset_ids(self) -> frozenset[UUID]:
        """Return all of them."""
        failed = (failure.asset_id for failure in self.failures)
        return frozenset([*self.results, *failed, *self.nothing_to_do])

    def one_by_one(self) -> "list[Finished[Result]]":
        """Return the same in parts of one asset."""
        return [
            *(Finished({asset_id: result}) for asset_id, result in self.results.items()),
            *(Finished[Result](failures=[failure]) for failure in self.failures),
            *(Finished[Result](nothing_to_do=[asset_id]) for asset_id in self.nothing_to_do),
        ]


@dataclass(slots=True)
class Batch(Generic[Item, Result]):
    """One run: what was claimed and what came of it so far."""

    todo: list[tuple[UUID, Item]]
    parked_times: Mapping[UUID, int]
    is_stale: Callable[[], bool]
    results: dict[UUID, Result] = field(default_factory=dict)
    failures: list[ledger.Failure] = field(default_factory=list)
    nothing_to_do: list[UUID] = field(default_factory=list)
    waiting_for: str | None = None

    @property
    def finished(self) -> Finished[Result]:
        """Return what is to be recorded, in id order."""
        return Finished(
            {asset_id: self.results[asset_id] for asset_id in sorted(self.results)},
            self.failures,
            self.nothing_to_do,
        )
