"""What a person has to look at, worst first, each with its reason and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from dashboard import status
from shared import models
from shared.disk import damages, disk_space

ALMOST_FULL_BYTES: Final = disk_space.Floors().thumbnails_bytes
"""Where the first services stop to write."""


def read(
    session: orm.Session,
    services: Sequence[status.ServiceStatus],
    roots: Sequence[status.RootStatus],
    inboxes: Sequence[status.InboxStatus],
    dead_letters: int,
) -> list[str]:
    """Return every alert; none means that all is well."""
    return [
        *_frozen_ledger(session),
        *map(_of_root, (root for root in roots if root.state != "online")),
        *_lost_originals(session),
        *(
            f"The disk of {root.kind} ({root.path}) is almost full"
            for root in roots
            if root.free_bytes is not None and root.free_bytes < ALMOST_FULL_BYTES
        ),
        *(
            f"Inbox {inbox.path} is {inbox.state}: {inbox.state_reason or 'not there'}"
            for inbox in inboxes
            if inbox.state != "online"
        ),
        *(_of_service(each) for each in services if each.colour == "red"),
        *_dead_letters(dead_letters),
    ]


def _frozen_ledger(session: orm.Session) -> list[str]:
    frozen = session.scalar(sa.select(models.Ledger.frozen_reason))
    return [f"Filing is frozen: {frozen}"] if frozen else []


def _of_root(root: status.RootStatus) -> str:
    thaw = "; ./photofactory thaw shows it and asks" if root.state == "frozen" else ""
    return f"{root.kind} {root.path} is {root.state}: {root.state_reason or 'not there'}{thaw}"


def _lost_originals(session: orm.Session) -> list[str]:
    """Return what to do about originals that were whole when they were filed and are not now."""
    lost = (
        sa.select(sa.func.count())
        .select_from(models.MediaAsset)
        .where(
            models.MediaAsset.damage.in_(damages.FOUND_BY_SURVEY),
            models.MediaAsset.removed_at.is_(None),
        )
    )
    count = session.scalar(lost)
    if not count:
        return []
    return [
        f"{count} {'original is' if count == 1 else 'originals are'} missing or changed:"
        " ./photofactory reconcile names them, reconcile --repair brings them back from copies;"
        " deleted on purpose: ./photofactory forget"
    ]


def _of_service(service: status.ServiceStatus) -> str:
    """Return why a service is red; the text does not change from second to second."""
    if service.last_heartbeat_at is None:
        return f"{service.name} has never reported"
    if service.status == "ERROR":
        return f"{service.name}: {service.current_task or 'error'}"
    return f"{service.name} is silent since {service.last_heartbeat_at:%Y-%m-%d %H:%M} UTC"


def _dead_letters(count: int) -> list[str]:
    """Return the alert of undecodable events, if there are any."""
    return [f"{count} dead letters: see ./photofactory dead-letters list"] if count else []
