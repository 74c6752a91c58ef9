"""A ledger with a little of everything that the dashboard shows."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import orm

import assets
import photos
from dashboard import api, live, readiness, server
from dashboard.reading import Reading
from shared import heartbeat, models, process
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import root_folder, roots

NOW = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)
SERVICES = ("librarian", "thumbnailer", "geocoder", "backup", "dashboard")


class FixedClock(SystemClock):
    """A clock whose calendar stands still."""

    def now(self) -> datetime:
        return NOW


class Ledger:
    """Folders and rows of one test."""

    def __init__(self, database: Database, folder: Path, now: datetime = NOW) -> None:
        self.database = database
        self.now = now
        self.derivatives = folder / "Derivatives"
        with database.transaction() as session:
            ledger_id = roots.ledger_id(session)
            self._roots = {
                kind: roots.add(
                    session, kind, root_folder.mark(str(folder / kind.title()), kind, ledger_id)
                ).id
                for kind in ("originals", "derivatives", "backup")
            }

    def photo(self, seed: int = 0, **values: Any) -> UUID:  # noqa: ANN401  any column
        """File a photo that no stage has seen; the image differs by `seed`."""
        with self.database.transaction() as session:
            values = {"ingested_at": self.now + timedelta(seconds=seed)} | values
            return assets.add(session, root_id=self._roots["originals"], **values)

    def stage(self, asset_id: UUID, stage: str, state: str, error: str | None = None) -> None:
        """Say how a stage ended for a photo."""
        with self.database.transaction() as session:
            session.add(
                models.AssetStage(
                    asset_id=asset_id, stage=stage, state=state, error=error, attempts=3
                )
            )
            if state == "done":
                flags = {f"is_{stage}": True, f"{stage}_at": self.now}
                session.execute(sa.update(models.MediaAsset).filter_by(id=asset_id).values(flags))
            if error:
                failed = {"has_errors": True, "error_message": error}
                session.execute(sa.update(models.MediaAsset).filter_by(id=asset_id).values(failed))

    def rendition(self, asset_id: UUID, kind: str = "thumbnail", seed: int = 0) -> bytes:
        """Make a thumbnail or a preview with its file; its bytes."""
        content = photos.jpeg(None, size=(300, 225), seed=seed)
        relative_path = f"{kind}/{asset_id}.jpg"
        place = self.derivatives / relative_path
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
        with self.database.transaction() as session:
            session.add(
                models.AssetRendition(
                    asset_id=asset_id,
                    kind=kind,
                    root_id=self._roots["derivatives"],
                    relative_path=relative_path,
                    mime_type="image/jpeg",
                    width=300,
                    height=225,
                    size_bytes=len(content),
                    producer_version=1,
                )
            )
        return content

    def beat(self, service: str, status: heartbeat.Status = "OK", age_s: int = 0) -> None:
        """Let a service report."""
        when = self.now - timedelta(seconds=age_s)
        with self.database.transaction() as session:
            heartbeat.write(session, heartbeat.Sign(service, status, "Idle"), now=when)

    def target(self, copied: Sequence[UUID]) -> None:
        """Have a backup on the same disk with verified copies."""
        with self.database.transaction() as session:
            target = models.BackupTarget(
                id=uuid4(), name="Backup", root_id=self._roots["backup"], is_same_disk=True
            )
            session.add(target)
            session.flush()
            session.add_all(
                models.AssetCopy(
                    asset_id=asset_id,
                    target_id=target.id,
                    relative_path=f"{asset_id}.jpg",
                    state="verified",
                    copied_at=self.now,
                    verified_at=self.now,
                )
                for asset_id in copied
            )

    def inbox(self, path: str, **values: Any) -> None:  # noqa: ANN401  any column
        """Watch a folder in move mode with one file that cannot be filed."""
        with self.database.transaction() as session:
            source = models.Source(
                catalog_id=catalog(session),
                name=path.rpartition("/")[2],
                source_path=path,
                auto_import=True,
                **{"default_import_mode": "move", "watching": "native"} | values,
            )
            session.add(source)
            session.flush()
            session.add(
                models.File(
                    source_id=source.id,
                    path=b"broken.jpg",
                    display_path="broken.jpg",
                    original_name="broken.jpg",
                    size_bytes=0,
                    mtime_ns=0,
                    outcome="quarantined",
                    reason="empty_file",
                    detail="it has no bytes",
                    decided_at=self.now,
                )
            )


def catalog(session: orm.Session) -> UUID:
    """The library's catalog, made when it is missing."""
    found = session.scalar(sa.select(models.Catalog.id))
    if found is None:
        found = uuid4()
        session.add(models.Catalog(id=found, name="Library"))
        session.flush()
    return found


def parts(
    database: Database, stop: process.Stop, run_folder: Path | None = None, *, is_fixed: bool = True
) -> api.Parts:
    """What `dashboard.main` builds, with a calendar that stands still."""
    clock = FixedClock() if is_fixed else SystemClock()
    reading = Reading(database, clock, SERVICES)
    return api.Parts(
        database=database,
        reading=reading,
        live=live.Live(reading.read, clock, stop),
        readiness=readiness.Readiness(SERVICES, run_folder),
    )


@asynccontextmanager
async def served(given: api.Parts, stop: process.Stop) -> AsyncIterator[str]:
    """The address of a running dashboard; the block's end stops it."""
    pulse = heartbeat.Pulses(SystemClock()).add("test")
    with server.listening("127.0.0.1", 0) as listener:
        async with asyncio.TaskGroup() as group:
            group.create_task(given.live.run(pulse))
            group.create_task(server.serve(api.create(given), listener, pulse, stop))
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            finally:
                stop.request("the test is over")
