"""Accepting a folder as a root that lost its marker or identity, after a look at the difference.

A missing marker usually means a missing disk, so nobody but a person can say "this is it".
"""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from shared import models
from shared.database import Database
from shared.disk import folders, roots
from shared.errors import DependencyError, UserError

PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """A folder against what the ledger has in that root, in files."""

    root_id: UUID
    kind: str
    path: str
    reason: str
    known: int
    present: int


def compare(database: Database, path: str) -> Comparison:
    """Return how much of a root is in the folder at its path; by name, nothing is read.

    Raises UserError if the folder is no root of ours, is not there, or needs no adoption.
    """
    real = os.path.realpath(path)
    with database.read() as session:
        found = [root for root in roots.find(session) if root.path in {real, path}]
        if not found:
            known = ", ".join(sorted(root.path for root in roots.find(session)))
            raise UserError(f"{path} is no folder of this ledger", f"its folders are {known}")
        root = roots.known(session, found[0])
        kind = found[0].kind
    try:
        root.open(is_for_writing=False).close()
    except DependencyError as error:
        reason = str(error)
    else:
        raise UserError(f"{path} is the folder that the ledger knows", "there is nothing to adopt")
    try:
        folder_fd = folders.open_root(root.path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", "mount its disk first") from error
    try:
        known_files, present = 0, 0
        for relative in expected(database, root.id, kind):
            known_files += 1
            present += is_there(folder_fd, relative)
    finally:
        os.close(folder_fd)
    return Comparison(root.id, kind, root.path, reason, known_files, present)


def expected(database: Database, root_id: UUID, kind: str) -> Iterator[str]:
    """Yield the relative paths that the ledger has in a root of our own files."""
    query = paths_of(root_id, kind)
    if query is None:
        return
    with closing(database.engine.connect()) as connection, connection.begin():
        streamed = connection.execution_options(yield_per=PAGE)
        for (relative,) in streamed.execute(query):
            yield relative


def paths_of(root_id: UUID, kind: str) -> sa.Select[Any] | None:
    """Return the query of a root's relative paths; None for a folder of somebody else."""
    asset, rendition, copy = models.MediaAsset, models.AssetRendition, models.AssetCopy
    match kind:
        case "originals":
            return sa.select(asset.relative_path).where(
                asset.root_id == root_id,
                asset.relative_path.is_not(None),
                asset.removed_at.is_(None),
            )
        case "derivatives":
            return sa.select(rendition.relative_path).where(rendition.root_id == root_id)
        case "backup":
            target = models.BackupTarget
            return (
                sa.select(copy.relative_path)
                .join(target, target.id == copy.target_id)
                .where(target.root_id == root_id)
            )
        case _:
            return None


def is_there(folder_fd: int, relative: str) -> bool:
    """Return whether a name exists below an open folder."""
    try:
        os.stat(os.fsencode(relative), dir_fd=folder_fd, follow_symlinks=False)
    except OSError:
        return False
    return True


def adopt(database: Database, comparison: Comparison) -> None:
    """Accept the folder; raises DependencyError if it carries the marker of another root."""

    def accept(session: orm.Session) -> None:
        roots.adopt(session, comparison.root_id)

    database.run(accept)


def describe(comparison: Comparison) -> str:
    """Return the difference in words."""
    lines = [f"{comparison.path} ({comparison.kind})", f"    {comparison.reason}"]
    if comparison.known:
        missing = comparison.known - comparison.present
        lines.append(
            f"    of {comparison.known} files that the ledger has in it {comparison.present} are"
            f" there and {missing} are not"
        )
    return "\n".join(lines)
