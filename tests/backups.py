"""Backup copies of what a test has filed, as the backup would have made them."""

import shutil
from pathlib import Path

import sqlalchemy as sa

from factories import Factory
from shared import models
from shared.disk import root_folder, roots


def make(factory: Factory, name: str = "Backup") -> Path:
    """A target that holds verified copies of every original and sidecar; its folder."""
    folder = factory.inbox.parent / name
    with factory.database.transaction() as session:
        new = root_folder.mark(str(folder), "backup", roots.ledger_id(session))
        target = models.BackupTarget(
            name=name, root_id=roots.add(session, "backup", new).id, is_same_disk=True
        )
        session.add(target)
        session.flush()
        for asset in session.scalars(sa.select(models.MediaAsset)):
            session.add(
                models.AssetCopy(
                    asset_id=asset.id,
                    target_id=target.id,
                    relative_path=asset.relative_path,
                    state="verified",
                    copied_at=asset.ingested_at,
                    verified_at=asset.ingested_at,
                )
            )
            asset.is_backed_up, asset.backed_up_at = True, asset.ingested_at
    for path in factory.names():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(factory.originals / path, folder / path)
    return folder
