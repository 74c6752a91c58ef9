"""What the backup does for each original: a verified copy on every active target."""

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import orm

from backup import copying, records, repository
from backup.domain import outcomes
from backup.domain.outcomes import Trouble
from backup.repository import Asset, Original, Target
from shared import errors, events, ledger
from shared.clock import Clock
from shared.database import Database
from shared.disk import copy_paths
from shared.disk.root_folder import RootFolder
from shared.stages import stages


@dataclass(frozen=True, slots=True)
class Work:
    """An asset and every target that is to hold it."""

    asset: Asset
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was read back."""

    target: Target
    relative_path: str
    verified_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What was copied, and why the rest was not."""

    work: Work
    copies: tuple[Copied, ...]
    troubles: tuple[Trouble, ...]


class Handler:
    """Copies originals; which copies are missing is read from the ledger, so repeating is cheap."""

    stage: Final = stages.BACKED_UP

    def __init__(self, database: Database, clock: Clock, parallelism: int) -> None:
        self.parallelism = parallelism
        self._database = database
        self._clock = clock
        self._recording = threading.Lock()

    def load(self, session: orm.Session, asset_ids: Sequence[UUID]) -> dict[UUID, Work]:
        """Return the present originals; without any active target there is nothing to do."""
        targets = tuple(repository.active_targets(session))
        if not targets:
            return {}
        found = repository.assets(session, asset_ids)
        return {asset.id: Work(asset, targets) for asset in found}

    def work(self, item: Work) -> Result:
        """Make the copies that are missing, with those of the sidecars and the folder's record.

        A target that fails does not keep the others from their copies.

        Raises:
            PermanentError: The original is damaged or missing; nothing of it was copied.
        """
        copies: list[Copied] = []
        troubles: list[Trouble] = []
        with self._opened(item.asset) as (originals, source_fd):
            for target in item.targets:
                try:
                    copies += self._copy_to(target, item.asset, originals, source_fd)
                except copying.ContentDiffersError as error:
                    raise self._damage(item.asset, str(error)) from error
                except (errors.PhotoFactoryError, OSError) as error:
                    troubles.append(Trouble(target.name, error))
        decisive = outcomes.error_to_raise(
            troubles, made=len(copies), active_targets=len(item.targets)
        )
        if decisive is not None:
            raise decisive
        return Result(item, tuple(copies), tuple(troubles))

    def record(
        self, session: orm.Session, results: Mapping[UUID, Result], *, now: datetime
    ) -> None:
        """Write copies; then flags and events of what is complete, reasons for what is not."""
        rows = [_row(asset_id, copy) for asset_id, r in results.items() for copy in r.copies]
        repository.save_copies(session, rows)
        lacking = repository.incomplete(session, results.keys())
        version = self.stage.producer_version
        done = [
            ledger.Done(asset_id, _event(result))
            for asset_id, result in results.items()
            if asset_id not in lacking
        ]
        ledger.complete(session, self.stage.name, done, version=version, now=now)
        failures = [_failure(asset_id, results[asset_id], now) for asset_id in sorted(lacking)]
        ledger.fail(session, self.stage.name, failures, version=version, now=now)

    @contextlib.contextmanager
    def _opened(self, asset: Asset) -> Iterator[tuple[RootFolder, int]]:
        """Give the root of the originals and a descriptor of the asset's."""
        path = asset.original.relative_path
        with asset.original.root.open(is_for_writing=False) as originals:
            try:
                source_fd = originals.open_file(os.fsencode(path))
            except FileNotFoundError as error:
                raise self._damage(asset, "it is missing") from error
            try:
                yield originals, source_fd
            finally:
                os.close(source_fd)

    def _copy_to(
        self, target: Target, asset: Asset, originals: RootFolder, source_fd: int
    ) -> list[Copied]:
        """A verified copy is not made again, but sidecars may have arrived since."""
        is_held = target.id in asset.verified_on
        if is_held and not asset.sidecars:
            return []
        made = []
        with copying.blaming_target(target.name), target.root.open() as folder:
            if not is_held:
                path = self._copy_original(folder, asset, asset.copies.get(target.id), source_fd)
                made.append(Copied(target, path, self._clock.now()))
            for sidecar in asset.sidecars:
                _copy_sidecar(originals, folder, sidecar, asset.id)
            beside = os.path.dirname(os.fsencode(asset.original.relative_path))
            with self._recording:
                copying.follow_record(originals, folder, os.path.join(beside, records.NAME))
        return made

    def _copy_original(
        self, folder: RootFolder, asset: Asset, fixed: str | None, source_fd: int
    ) -> str:
        original = asset.original
        paths = [fixed] if fixed else list(copy_paths.candidates(original.relative_path, asset.id))
        return copying.copy(source_fd, folder, paths, original.file_hash, is_ours=fixed is not None)

    def _damage(self, asset: Asset, why: str) -> errors.PhotoFactoryError:
        """Only a row that still says the same means damage; else the file was just moved."""
        original = asset.original
        with self._database.read() as session:
            now = repository.path_of(session, asset.id)
        if now != (original.root.id, original.relative_path):
            return errors.TransientError(f"{original.relative_path} was moved meanwhile")
        return errors.PermanentError(f"original damaged: {original.relative_path}: {why}")


def _copy_sidecar(
    originals: RootFolder, target: RootFolder, sidecar: Original, asset_id: UUID
) -> None:
    path = sidecar.relative_path
    try:
        source_fd = originals.open_file(os.fsencode(path))
    except FileNotFoundError as error:
        raise errors.TransientError(f"sidecar {path} is missing") from error
    try:
        paths = list(copy_paths.candidates(path, asset_id))
        copying.copy(source_fd, target, paths, sidecar.file_hash, is_ours=False)
    except copying.ContentDiffersError as error:
        raise errors.TransientError(f"sidecar {path} is damaged: {error}") from error
    finally:
        os.close(source_fd)


def _row(asset_id: UUID, copy: Copied) -> dict[str, object]:
    return {
        "asset_id": asset_id,
        "target_id": copy.target.id,
        "relative_path": copy.relative_path,
        "state": repository.VERIFIED,
        "copied_at": copy.verified_at,
        "verified_at": copy.verified_at,
    }


def _event(result: Result) -> events.AssetBackedUpV1:
    """One event for an asset, of the copy that is worth most: on another disk, if there is one."""
    asset = result.work.asset
    paths = dict(asset.copies) | {copy.target.id: copy.relative_path for copy in result.copies}
    best = min(
        (target for target in result.work.targets if target.id in paths),
        key=lambda target: target.is_same_disk,
    )
    return events.AssetBackedUpV1(
        asset_id=asset.id,
        target_id=best.id,
        target_name=best.name,
        relative_path=paths[best.id],
        is_same_disk=best.is_same_disk,
    )


def _failure(asset_id: UUID, result: Result, now: datetime) -> ledger.Failure:
    """A target that joined after `load` is no trouble: its copy comes with the next try."""
    due = now + timedelta(seconds=outcomes.PARKED_S if result.troubles else 0)
    return ledger.Failure(
        asset_id,
        outcomes.explain(result.troubles) or "no copy on a new target yet",
        permanent=outcomes.is_hopeless(result.troubles),
        next_attempt_at=due,
    )
