"""What the thumbnailer does for each picture and video."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import orm

from shared import errors, events, ledger
from shared.disk.root_folder import KnownRoot
from shared.stages import stages
from thumbnailer import rendering, repository, storing
from thumbnailer.domain import decoders, renditions
from thumbnailer.repository import Original

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Work:
    """An original, how it is decoded, and the root of its renditions."""

    original: Original
    mime_type: str
    target: KnownRoot


@dataclass(frozen=True, slots=True)
class Stored:
    """A rendition that lies on the disk."""

    kind: str
    mime_type: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Made:
    """What became of an original; without any rendition there is nothing to be seen in it."""

    work: Work
    stored: tuple[Stored, ...]


class Handler:
    """Makes renditions in child processes, as many at once as there are children."""

    stage: Final = stages.THUMBNAILED

    def __init__(self, pool: rendering.Children, processes: int) -> None:
        self.parallelism = processes
        self._pool = pool

    def load(self, session: orm.Session, asset_ids: Sequence[UUID]) -> dict[UUID, Work]:
        """Return the present originals; a kind that nothing here decodes is not applicable."""
        found = repository.originals(session, asset_ids)
        if not found:
            return {}
        target = repository.derivatives_root(session)
        return {
            original.asset_id: Work(original, original.mime_type, target)
            for original in found
            if original.mime_type and decoders.choose(original.mime_type)
        }

    def work(self, item: Work) -> Made:
        """Decode an original and store its renditions."""
        original = item.original
        request = {
            "mime_type": item.mime_type,
            "is_damaged": original.is_damaged,
            "orientation": original.orientation,
        }
        with _opened(original) as descriptor:
            made, nothing = rendering.render(self._pool, request, descriptor)
        if nothing:
            log.info("asset.not_shown", asset_id=str(original.asset_id), reason=nothing)
            return Made(item, ())
        storing.store(item.target, original.asset_id, made)
        stored = (Stored(r.kind, r.mime_type, r.width, r.height, len(r.content)) for r in made)
        return Made(item, tuple(stored))

    def record(self, session: orm.Session, results: Mapping[UUID, Made], *, now: datetime) -> None:
        """Write renditions, flags and events of a batch."""
        version = self.stage.producer_version
        shown = {asset_id: made for asset_id, made in results.items() if made.stored}
        repository.save(
            session,
            [
                row
                for asset_id, made in shown.items()
                for row in _rows(asset_id, made, version, now)
            ],
        )
        done = [ledger.Done(asset_id, _event(made, version)) for asset_id, made in shown.items()]
        ledger.complete(session, self.stage.name, done, version=version, now=now)
        ledger.not_applicable(
            session,
            self.stage.name,
            [asset_id for asset_id in results if asset_id not in shown],
            version=version,
            now=now,
        )


@contextlib.contextmanager
def _opened(original: Original) -> Iterator[int]:
    """Give a descriptor of the original; one that was moved meanwhile is found at the next try."""
    with original.root.open(is_for_writing=False) as root:
        try:
            descriptor = root.open_file(os.fsencode(original.relative_path))
        except FileNotFoundError as error:
            raise errors.TransientError(f"{original.relative_path} is not there") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _rows(asset_id: UUID, made: Made, version: int, now: datetime) -> list[dict[str, object]]:
    return [
        {
            "asset_id": asset_id,
            "kind": stored.kind,
            "root_id": made.work.target.id,
            "relative_path": renditions.relative_path(asset_id, stored.kind),
            "mime_type": stored.mime_type,
            "width": stored.width,
            "height": stored.height,
            "size_bytes": stored.size_bytes,
            "producer_version": version,
            "updated_at": now,
        }
        for stored in made.stored
    ]


def _event(made: Made, version: int) -> events.AssetThumbnailedV1:
    original = made.work.original
    return events.AssetThumbnailedV1(
        asset_id=original.asset_id,
        kinds=tuple(stored.kind for stored in made.stored),
        width_px=original.width,
        height_px=original.height,
        producer_version=version,
    )
