"""Makes the folders of a data folder known to its ledger, once, and recognises them afterwards.

A folder is marked and made only while the ledger does not know it. Later a missing marker means a
missing disk: it is said, and nothing is made in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from librarian import high_water
from shared import models
from shared.database import Database
from shared.disk import root_folder, root_markers, roots
from shared.disk.root_folder import KnownRoot, RootOfAnotherLedgerError
from shared.errors import DependencyError, UserError
from suite.data_folder import DataFolder
from suite.inbox import Inbox


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger knows now, and what a person has to hear."""

    inboxes: list[Inbox]
    is_backup_on_same_disk: bool
    warnings: list[str]


def register(
    database: Database,
    folder: DataFolder,
    inboxes: Sequence[Inbox],
    *,
    is_rebuild: bool = False,
) -> Outcome:
    """Make the four folders and ``inboxes`` known; the latter are watched for this run.

    A new ledger takes folders that are empty; a rebuild accepts them as they are. Raises UserError
    for a folder that belongs to another ledger, as all do beside a new database.
    """
    with database.read() as session:
        ledger_id = roots.ledger_id(session)
    setup = _Setup(database, ledger_id)
    originals = setup.own("originals", folder.originals, must_be_empty=not is_rebuild)
    setup.own("derivatives", folder.derivatives, must_be_empty=not is_rebuild)
    backup = setup.own("backup", folder.backup, must_be_empty=not is_rebuild)
    inbox = setup.own("inbox", folder.inbox, must_be_empty=False)
    is_same_disk = _is_same_disk(folder)
    with database.transaction() as session:
        catalog = _library(session, originals, folder)
        _backup_target(session, backup, is_same_disk=is_same_disk)
        _source(session, catalog, inbox, Inbox(folder.inbox, "move"))
    watched = [Inbox(each.path.resolve(), each.mode) for each in inboxes]
    with database.transaction() as session:
        if not is_rebuild:
            _stop_watching(session, but=inbox, setup=setup, watched=watched)
        for each in watched:
            _source(session, catalog, setup.foreign(session, each.path), each)
    if not is_rebuild:
        setup.check_age(originals)
    return Outcome([Inbox(folder.inbox, "move"), *watched], is_same_disk, setup.warnings)


class _Setup:
    """One registration: what it found wrong is kept in ``warnings``."""

    def __init__(self, database: Database, ledger_id: UUID) -> None:
        self._database = database
        self._ledger_id = ledger_id
        self.warnings: list[str] = []

    def own(self, kind: str, path: Path, *, must_be_empty: bool) -> UUID:
        """Return the id of the data folder's own root of this kind (the oldest one)."""
        with self._database.transaction() as session:
            known = next((root for root in roots.find(session, kind) if root.is_marked), None)
            if known is None:
                _refuse_foreign(path, self._ledger_id)
                path.parent.mkdir(parents=True, exist_ok=True)
                new = root_folder.mark(
                    str(path), kind, self._ledger_id, must_be_empty=must_be_empty
                )
                return roots.add(session, kind, new).id
            here = KnownRoot(known.id, str(path.resolve()), known.root_key, self._ledger_id)
            if self._is_there(here):
                _follow(session, known, here)
            return known.id

    def foreign(self, session: orm.Session, path: Path) -> UUID:
        """Return the id of the root of a folder that is not ours; nothing is written into it."""
        found = root_folder.recognise(str(path))
        by_path = (root for root in roots.find(session, "inbox") if root.path == found.known.path)
        known = next(by_path, None)
        if known and not self._is_there(roots.known(session, known)):
            return known.id
        root = roots.add(session, "inbox", found)
        _follow(session, root, found.known)
        return root.id

    def check_age(self, originals: UUID) -> None:
        """Freeze filing if the ledger is older than the disk, before anybody writes an event."""
        with self._database.read() as session:
            known = roots.known(session, roots.get(session, originals))
        try:
            with known.open(is_for_writing=False) as folder:
                high_water.check(self._database, folder)
        except high_water.LedgerTooOldError as error:
            self.warnings.append(str(error))
        except DependencyError:
            pass  # not there, which was said

    def _is_there(self, root: KnownRoot) -> bool:
        try:
            root.open(is_for_writing=False).close()
        except RootOfAnotherLedgerError as error:
            raise UserError(
                f"{root.path} belongs to another ledger ({error.marker.ledger_id})",
                "is the right data disk mounted?",
            ) from error
        except DependencyError as error:
            self.warnings.append(str(error))
            return False
        return True


def _refuse_foreign(path: Path, ledger_id: UUID) -> None:
    marker = root_markers.read_marker_at(str(path))
    if marker is not None and marker.ledger_id != ledger_id:
        raise UserError(
            f"{path} belongs to another ledger ({marker.ledger_id}) than this one, which is new",
            "if its database is lost, ./photofactory rebuild makes it anew from the originals; "
            "else: is the right data disk mounted?",
        )


def _follow(session: orm.Session, root: models.Root, here: KnownRoot) -> None:
    """Take over the path of a root that was moved as a whole."""
    root.path = here.path
    source = sa.update(models.Source).where(models.Source.root_id == root.id)
    session.execute(source.values(source_path=here.path))
    catalog = sa.update(models.Catalog).where(models.Catalog.root_id == root.id)
    session.execute(catalog.values(managed_directory=here.path))


def _library(session: orm.Session, originals: UUID, folder: DataFolder) -> UUID:
    known = session.scalars(
        sa.select(models.Catalog.id).where(models.Catalog.root_id == originals)
    ).one_or_none()
    if known:
        return known
    catalog = models.Catalog(
        name="Library", managed_directory=str(folder.originals.resolve()), root_id=originals
    )
    session.add(catalog)
    session.flush()
    return catalog.id


def _backup_target(session: orm.Session, root_id: UUID, *, is_same_disk: bool) -> None:
    target = session.scalars(
        sa.select(models.BackupTarget).where(models.BackupTarget.root_id == root_id)
    ).one_or_none()
    if target:
        target.is_same_disk = is_same_disk
    else:
        new = models.BackupTarget(name="Backup", root_id=root_id, is_same_disk=is_same_disk)
        session.add(new)


def _source(session: orm.Session, catalog: UUID, root_id: UUID, inbox: Inbox) -> None:
    """Watch the folder in this mode from now on."""
    source = session.scalars(
        sa.select(models.Source).where(
            models.Source.root_id == root_id, models.Source.deleted_at.is_(None)
        )
    ).first()
    if source is None:
        source = models.Source(
            catalog_id=catalog,
            root_id=root_id,
            name="Inbox" if inbox.path.name == "Photos_Inbox" else inbox.path.name,
            source_path=str(inbox.path.resolve()),
        )
        session.add(source)
    source.auto_import = True
    source.default_import_mode = inbox.mode


def _stop_watching(
    session: orm.Session, *, but: UUID, setup: _Setup, watched: Sequence[Inbox]
) -> None:
    """Leave alone what an earlier run watched and this one does not name."""
    named = {str(inbox.path) for inbox in watched}
    earlier = session.scalars(
        sa.select(models.Source).where(models.Source.auto_import, models.Source.root_id != but)
    )
    for source in earlier:
        source.auto_import = False
        if source.source_path not in named:
            setup.warnings.append(
                f"{source.source_path} is not watched any more: --inbox {source.source_path}"
                f"={source.default_import_mode} watches it again"
            )


def _is_same_disk(folder: DataFolder) -> bool:
    try:
        return folder.originals.stat().st_dev == folder.backup.stat().st_dev
    except OSError:  # one is missing, which is said elsewhere
        return False
