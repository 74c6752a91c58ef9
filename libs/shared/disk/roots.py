"""The table ``roots``: every folder tree that we know, and whether it may be used now.

A root's state: online; offline = not there, comes back by itself; frozen = there, but not to be
changed until a person has looked (``thaw``, ``adopt``). Only check_all and people change it.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy import orm

from shared import errors
from shared.database import Database
from shared.disk import root_folder, root_markers
from shared.disk.root_folder import KnownRoot, NewRoot, RootFrozenError, RootOfflineError
from shared.models import Ledger, Root

log = structlog.get_logger()

ONLINE, OFFLINE, FROZEN = "online", "offline", "frozen"
_MAY_OVERLAP = {"collection"}  # a collection never files anything


@dataclass(frozen=True, slots=True)
class Check:
    """What a look at a root on disk found."""

    root_id: UUID
    state: str
    reason: str | None


def add(session: orm.Session, kind: str, new: NewRoot) -> Root:
    """The row of a root, new or known already (then with its present path).

    Raises UserError if the folder has another use or lies within (or around) another root.
    """
    root = session.scalar(sa.select(Root).where(Root.root_key == new.known.key))
    if root is not None and root.kind != kind:
        raise errors.UserError(f"{new.known.path} is already used for {root.kind}")
    _check_overlap(session, kind, new)
    if root is None:
        root = Root(id=new.known.id, kind=kind, root_key=new.known.key)
        session.add(root)
    root.path = new.known.path
    root.is_marked = new.known.ledger_id is not None
    if new.capabilities is not None:
        root.capabilities = new.capabilities.to_json()
    session.flush()
    return root


def find(session: orm.Session, *kinds: str) -> list[Root]:
    """The roots of these kinds (of all kinds without any), oldest first."""
    query = sa.select(Root).order_by(Root.added_at, Root.id)
    if kinds:
        query = query.where(Root.kind.in_(kinds))
    return list(session.scalars(query))


def get(session: orm.Session, root_id: UUID) -> Root:
    """One root; raises DependencyError if the ledger has none of this id."""
    root = session.get(Root, root_id)
    if root is None:
        raise errors.DependencyError(f"root {root_id}", "is not known")
    return root


def ledger_id(session: orm.Session) -> UUID:
    """The id of this ledger."""
    found: UUID = session.execute(sa.select(Ledger.ledger_id)).scalar_one()
    return found


def known(session: orm.Session, root: Root) -> KnownRoot:
    """What ``KnownRoot.open`` needs, free of the session; open it after the transaction."""
    return KnownRoot(
        root.id,
        root.path,
        root.root_key,
        ledger_id(session) if root.is_marked else None,
        (root.state_reason or "no reason given") if root.state == FROZEN else None,
    )


def check_all(database: Database, now: datetime) -> list[Check]:
    """Looks at every root on disk, records what changed, and returns what was found.

    A frozen root stays frozen. No transaction is open while the disks are looked at.
    """
    with database.read() as session:
        all_known = [known(session, root) for root in find(session)]
    checks = [_check(one) for one in all_known]
    database.run(lambda session: _record(session, checks, now))
    return checks


def freeze(session: orm.Session, root_id: UUID, reason: str) -> bool:
    """Forbids changes to a root; False if it was frozen already (the first reason stays)."""
    frozen = session.execute(
        sa.update(Root)
        .where(Root.id == root_id, Root.state != FROZEN)
        .values(state=FROZEN, state_reason=reason)
        .returning(Root.path)
    ).scalar_one_or_none()
    if frozen is not None:
        log.warning("root.frozen", root_id=str(root_id), path=frozen, reason=reason)
    return frozen is not None


def thaw(session: orm.Session, root_id: UUID) -> bool:
    """Allows changes again, because a person says so; False if it was not frozen."""
    thawed = session.execute(
        sa.update(Root)
        .where(Root.id == root_id, Root.state == FROZEN)
        .values(state=ONLINE, state_reason=None)
        .returning(Root.path)
    ).scalar_one_or_none()
    if thawed is not None:
        log.info("root.thawed", root_id=str(root_id), path=thawed)
    return thawed is not None


def adopt(session: orm.Session, root_id: UUID) -> None:
    """Accepts the folder at the root's path as this root, after a person has seen the difference.

    A marked root gets its marker again; a foreign one is known by its new identity from now on.
    Raises RootOfflineError and RootFrozenError (the marker of another root is never overwritten).
    """
    root = get(session, root_id)
    present = known(session, root)
    if present.ledger_id is None:
        root.root_key = root_folder.recognise(root.path).known.key
    else:
        _mark_again_if_missing(present, root.kind)
    root.state, root.state_reason = ONLINE, None
    session.flush()
    log.info("root.adopted", root_id=str(root_id), path=root.path)


def _mark_again_if_missing(present: KnownRoot, kind: str) -> None:
    if root_markers.read_marker_at(present.path) is None:
        root_folder.mark_again(present, kind)
    present.open(is_for_writing=False).close()


def _check(one: KnownRoot) -> Check:
    try:
        one.open(is_for_writing=False).close()
    except RootOfflineError as error:
        return Check(one.id, OFFLINE, str(error))
    except RootFrozenError as error:
        return Check(one.id, FROZEN, str(error))
    except OSError as error:
        return Check(one.id, OFFLINE, f"root {one.path}: {error}")
    if one.frozen_reason is not None:
        return Check(one.id, FROZEN, one.frozen_reason)
    return Check(one.id, ONLINE, None)


def _record(session: orm.Session, checks: list[Check], now: datetime) -> None:
    for check in checks:
        root = session.get(Root, check.root_id, with_for_update=True)
        if root is None:
            continue
        root.checked_at = now
        if root.state in {FROZEN, check.state}:
            continue
        root.state, root.state_reason = check.state, check.reason
        log.warning(
            "root.changed",
            root_id=str(root.id),
            path=root.path,
            state=check.state,
            reason=check.reason,
        )


def _check_overlap(session: orm.Session, kind: str, new: NewRoot) -> None:
    if kind in _MAY_OVERLAP:
        return
    for other in find(session):
        if other.kind in _MAY_OVERLAP or other.root_key == new.known.key:
            continue
        if os.path.commonpath([other.path, new.known.path]) in {other.path, new.known.path}:
            raise errors.UserError(
                f"{new.known.path} overlaps {other.path}, which is used for {other.kind}",
                "choose a folder outside of it",
            )
