"""Renditions that the ledger has and the disk has not: nobody syncs them, so they can get lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from shared import ledger, models
from shared.database import Database
from shared.disk import roots
from shared.disk.root_folder import RootFolder
from shared.stages import stages

PAGE = 1_000


def find(database: Database) -> Iterator[UUID]:
    """Yield the assets with a missing or empty rendition.

    Raises DependencyError when the derivatives are not there: then all would look lost.
    """
    with database.read() as session:
        known = [roots.known(session, root) for root in roots.find(session, "derivatives")]
    for root in known:
        with root.open(is_for_writing=False) as folder:
            yield from _lost_in(database, root.id, folder)


def make_again(database: Database, asset_ids: list[UUID], now: datetime) -> int:
    """Let the thumbnailer make the renditions of these assets again; return of how many."""
    changed = database.run(
        lambda session: ledger.clear(session, stages.THUMBNAILED.name, asset_ids, now=now)
    )
    return len(changed)


def _lost_in(database: Database, root_id: UUID, folder: RootFolder) -> Iterator[UUID]:
    rendition = models.AssetRendition
    done = models.MediaAsset.is_thumbnailed
    after: UUID | None = None
    while True:
        query = (
            sa.select(rendition.asset_id, sa.func.array_agg(rendition.relative_path))
            .join(models.MediaAsset, models.MediaAsset.id == rendition.asset_id)
            .where(rendition.root_id == root_id, done)
            .group_by(rendition.asset_id)
            .order_by(rendition.asset_id)
            .limit(PAGE)
        )
        if after is not None:
            query = query.where(rendition.asset_id > after)
        with database.read() as session:
            rows = session.execute(query).all()
        if not rows:
            return
        after = rows[-1].asset_id
        for asset_id, paths in rows:
            if not all(_is_whole(folder, path) for path in paths):
                yield asset_id


def _is_whole(folder: RootFolder, relative: str) -> bool:
    try:
        facts = os.stat(os.fsencode(relative), dir_fd=folder.fd, follow_symlinks=False)
    except OSError:
        return False
    return facts.st_size > 0
