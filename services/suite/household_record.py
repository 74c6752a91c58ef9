"""What the household decided, in the record of the originals' root, for the day the ledger is lost.

The time zone, the folders of other people that are watched and the backup targets: nothing else on
the disk tells of them.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid4

import sqlalchemy as sa
import structlog
from sqlalchemy import exc, orm

from librarian import high_water, records
from librarian.rebuilding import archive
from shared import models
from shared.database import Database
from shared.disk import roots
from shared.disk.root_folder import KnownRoot
from shared.errors import DependencyError

log = structlog.get_logger()


def write(database: Database) -> None:
    """Append the household's line if the newest one says something else.

    Where the originals are away or frozen, or newer than the ledger, it is not written; the next
    `up` or change does it.
    """
    with database.read() as session:
        household = _load(session)
        known = _originals(session)
    try:
        with known.open() as root:
            high_water.check(database, root)
            if records.read_household(root.fd) != household:
                records.append(root.fd, [records.household_line(household)])
    except DependencyError:
        pass  # which is said elsewhere
    except OSError as error:
        log.warning("household.not_recorded", reason=str(error))


def take_over(database: Database) -> str | None:
    """Make the newest line the ledger's, which is new or older; the time zone that it names.

    A line that is no use (edited by hand) is left alone.

    Raises:
        DependencyError: The originals are not there.
        UserError: Their own record cannot be read.
    """
    with database.read() as session:
        known = _originals(session)
    with known.open(is_for_writing=False) as root:
        try:
            household = records.read_household(root.fd) or {}
        except OSError as error:
            raise archive.unreadable(b"", error) from error
    try:
        database.run(lambda session: _restore(session, household))
    except (KeyError, TypeError, ValueError, exc.IntegrityError, exc.DataError) as error:
        log.warning("household.not_restored", reason=repr(error))
    zone = household.get("time_zone")
    return zone if zone in zoneinfo.available_timezones() else None


def _restore(session: orm.Session, household: Mapping[str, Any]) -> None:
    """Write inboxes and backup targets that the ledger does not have; targets are adapted."""
    catalog_id = session.scalars(
        sa.select(models.Catalog.id).order_by(models.Catalog.created_at).limit(1)
    ).one()
    for inbox in household.get("inboxes", ()):
        _restore_inbox(session, catalog_id, inbox)
    for target in household.get("backup_targets", ()):
        _restore_target(session, target)


def _restore_inbox(session: orm.Session, catalog_id: UUID, told: Mapping[str, Any]) -> None:
    if _root_id(session, told) is not None:
        return
    root = models.Root(id=uuid4(), kind="inbox", is_marked=False, **_place(told))
    session.add(root)
    session.flush()
    source = models.Source(
        catalog_id=catalog_id,
        root_id=root.id,
        name=told["name"],
        source_path=told["path"],
        default_import_mode=told["mode"],
        auto_import=told["is_watched"],
    )
    session.add(source)


def _restore_target(session: orm.Session, told: Mapping[str, Any]) -> None:
    root_id = _root_id(session, told)
    if root_id is None:
        root_id = UUID(told["key"])
        session.add(models.Root(id=root_id, kind="backup", is_marked=True, **_place(told)))
        session.flush()
    target = session.scalars(
        sa.select(models.BackupTarget).where(models.BackupTarget.root_id == root_id)
    ).one_or_none()
    if target is None:
        target = models.BackupTarget(root_id=root_id, is_same_disk=told["is_same_disk"])
        session.add(target)
    target.name, target.is_active = told["name"], told["is_active"]


def _root_id(session: orm.Session, told: Mapping[str, Any]) -> UUID | None:
    return session.scalar(sa.select(models.Root.id).where(models.Root.root_key == told["key"]))


def _place(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"path": told["path"], "root_key": told["key"]}


def _load(session: orm.Session) -> dict[str, Any]:
    zone = session.scalars(sa.select(models.Ledger.default_zone)).one()
    inboxes = session.execute(_INBOXES).mappings()
    targets = session.execute(_TARGETS).mappings()
    return {
        "time_zone": zone,
        "inboxes": [dict(row) for row in inboxes],
        "backup_targets": [dict(row) for row in targets],
    }


def _originals(session: orm.Session) -> KnownRoot:
    return roots.known(session, roots.find(session, "originals")[0])


_INBOXES: Final = sa.text("""
    select s.name, r.path, r.root_key as key, s.default_import_mode as mode,
      s.auto_import as is_watched
    from sources s join roots r on r.id = s.root_id
    where r.kind = 'inbox' and not r.is_marked and s.deleted_at is null
    order by s.created_at, s.id""")
"""The factory's own inbox has a marker."""

_TARGETS: Final = sa.text("""
    select t.name, r.path, r.root_key as key, t.is_active, t.is_same_disk
    from backup_targets t join roots r on r.id = t.root_id order by t.created_at, t.id""")
