"""`photofactory backup-targets`: where verified copies of every original go."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import orm

from shared import models
from shared.database import Database
from shared.disk import root_folder, roots
from shared.errors import UserError
from suite import access, household_record

HELP = "list, add or remove folders that hold backup copies, best on another disk"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the three actions."""
    parser.add_argument(
        "action",
        choices=("list", "add", "remove"),
        help="add: every original is copied there; remove: no more copies, what is there stays",
    )
    parser.add_argument("what", nargs="?", metavar="DIR|NAME", help="a folder to add, or a name")
    parser.add_argument("--name", help="name of a new target (default: the folder's name)")


def run(args: argparse.Namespace) -> int:
    """List the targets, or change them; the backup follows within seconds."""
    with access.opened(args.data) as database:
        if args.action == "list":
            return show(database)
        if not args.what:
            raise UserError("nothing is named", "name a folder to add, or a target to remove")
        with database.transaction() as session:
            if args.action == "add":
                print(add(session, Path(args.what).expanduser().absolute(), args.name))
            else:
                print(remove(session, args.what))
        household_record.write(database)
    return 0


def show(database: Database) -> int:
    """Print every active target with its verified copies."""
    target, copy = models.BackupTarget, models.AssetCopy
    with database.read() as session:
        rows = session.execute(
            sa.select(
                target.name,
                models.Root.path,
                models.Root.state,
                target.is_same_disk,
                sa.func.count(copy.asset_id).filter(copy.state == "verified"),
            )
            .join(models.Root, models.Root.id == target.root_id)
            .outerjoin(copy, copy.target_id == target.id)
            .where(target.is_active)
            .group_by(target.id, models.Root.id)
            .order_by(target.name)
        ).all()
    for name, path, state, is_same_disk, copies in rows:
        disk = "same disk as the originals: does not survive its loss" if is_same_disk else ""
        print(f"{name:<16} {path}  {state}, {copies} verified copies  {disk}".rstrip())
    return 0


def add(session: orm.Session, path: Path, name: str | None) -> str:
    """Mark a folder as a backup root and make it a target; return what to tell.

    Raises UserError for a folder that is not there, belongs to another ledger or overlaps ours.
    """
    if not path.is_dir():
        raise UserError(f"{path} is no folder", "make it, or mount its disk")
    refuse_overlap(session, path.resolve())
    new = root_folder.mark(str(path), "backup", roots.ledger_id(session))
    root = session.scalars(
        sa.select(models.Root).where(models.Root.root_key == new.known.key)
    ).one_or_none()
    root_id = root.id if root is not None else roots.add(session, "backup", new).id
    session.flush()
    target = session.scalars(
        sa.select(models.BackupTarget).where(models.BackupTarget.root_id == root_id)
    ).one_or_none()
    if target is None:
        target = models.BackupTarget(
            name=free_name(session, name or path.name or "backup"),
            root_id=root_id,
            is_same_disk=is_same_disk(session, path),
        )
        session.add(target)
    target.is_active = True
    warning = "; it is on the disk of the originals" if target.is_same_disk else ""
    return f"{target.name}: copies of every original go to {path}{warning}"


def refuse_overlap(session: orm.Session, path: Path) -> None:
    """Raise UserError, before anything is written, if a folder lies in one of ours or holds one."""
    for known in roots.find(session):
        other = Path(known.path)
        if path != other and (path in other.parents or other in path.parents):
            raise UserError(f"{path} overlaps {other} ({known.kind})", "choose another folder")


def free_name(session: orm.Session, wanted: str) -> str:
    """Return ``wanted``; raises UserError when another target has that name."""
    taken: Sequence[str] = session.scalars(sa.select(models.BackupTarget.name)).all()
    if wanted in taken:
        raise UserError(f'there is a target "{wanted}" already', "give another one with --name")
    return wanted


def is_same_disk(session: orm.Session, path: Path) -> bool:
    """Return whether a folder is on the device of the originals."""
    device = path.stat().st_dev
    originals = [root.path for root in roots.find(session, "originals")]
    return any(os.path.isdir(each) and os.stat(each).st_dev == device for each in originals)


def remove(session: orm.Session, name: str) -> str:
    """Stop copying to a target; return what to tell. The last one cannot be removed."""
    active = session.scalars(
        sa.select(models.BackupTarget).where(models.BackupTarget.is_active)
    ).all()
    target = next((each for each in active if each.name == name), None)
    if target is None:
        raise UserError(f'there is no target "{name}"', "see photofactory backup-targets list")
    if len(active) == 1:
        raise UserError(f"{name} is the only target", "add another one first")
    target.is_active = False
    return f"{name}: no more copies go there; those that are there stay"
