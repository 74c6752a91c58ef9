"""What status says of folders: inboxes, our roots and their disks, backup targets."""

from __future__ import annotations

import os

import sqlalchemy as sa
from sqlalchemy import orm

from dashboard import status
from shared import models


def read_inboxes(session: orm.Session) -> list[status.InboxStatus]:
    """Return every watched folder."""
    rows = session.execute(
        sa.select(models.Source, models.Root.state, models.Root.state_reason)
        .outerjoin(models.Root, models.Root.id == models.Source.root_id)
        .where(models.Source.auto_import, models.Source.deleted_at.is_(None))
        .order_by(models.Source.created_at)
    )
    return [
        status.InboxStatus(
            name=source.name,
            path=source.source_path,
            mode=source.default_import_mode,
            watching=source.watching,
            watching_reason=source.watching_reason,
            state=state or "online",
            state_reason=state_reason,
            waiting=source.waiting,
            unreadable=source.unreadable,
            last_scanned_at=source.last_scanned_at,
        )
        for source, state, state_reason in rows
    ]


def read_roots(session: orm.Session) -> list[status.RootStatus]:
    """Return our folder trees in use with the room on their disks."""
    kinds = ("originals", "derivatives", "backup")
    target = models.BackupTarget
    no_more_used = sa.select(target.root_id).where(target.is_active.is_(False))
    rows = session.scalars(
        sa.select(models.Root)
        .where(models.Root.kind.in_(kinds), models.Root.id.not_in(no_more_used))
        .order_by(models.Root.added_at)
    )
    found = []
    for root in rows:
        free, total = room(root.path)
        found.append(
            status.RootStatus(
                kind=root.kind,
                path=root.path,
                state=root.state,
                state_reason=root.state_reason,
                free_bytes=free,
                total_bytes=total,
            )
        )
    return found


def room(path: str) -> tuple[int | None, int | None]:
    """Return free and total bytes of the disk that holds ``path``; None when it is not there."""
    try:
        facts = os.statvfs(path)
    except OSError:
        return None, None
    return facts.f_bavail * facts.f_frsize, facts.f_blocks * facts.f_frsize


def read_backups(session: orm.Session) -> list[status.BackupStatus]:
    """Return every active backup target with how much of the library it holds."""
    verified = sa.func.count().filter(models.AssetCopy.state == "verified")
    filed = session.scalar(
        sa.select(sa.func.count())
        .select_from(models.MediaAsset)
        .where(models.MediaAsset.relative_path.is_not(None), models.MediaAsset.removed_at.is_(None))
    )
    rows = session.execute(
        sa.select(models.BackupTarget, models.Root.path, verified)
        .join(models.Root, models.Root.id == models.BackupTarget.root_id)
        .outerjoin(models.AssetCopy, models.AssetCopy.target_id == models.BackupTarget.id)
        .where(models.BackupTarget.is_active)
        .group_by(models.BackupTarget.id, models.Root.path)
        .order_by(models.BackupTarget.name)
    )
    return [
        status.BackupStatus(
            name=target.name,
            path=path,
            is_same_disk=target.is_same_disk,
            verified_copies=copies,
            missing_copies=max(0, (filed or 0) - copies),
        )
        for target, path, copies in rows
    ]
