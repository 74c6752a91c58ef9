"""`photofactory thaw`: a frozen folder may be changed again, once a person has seen why."""

import argparse
import os
from collections.abc import Sequence

import sqlalchemy as sa

from librarian.survey import Look, Survey
from shared import models
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import roots
from shared.disk.root_folder import KnownRoot
from shared.errors import DependencyError, UserError
from suite import access, asking

HELP = "show why folders are frozen and what has changed in them; then let work go on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which folder, and whether to ask."""
    parser.add_argument("path", nargs="?", metavar="PATH", help="this folder only")
    parser.add_argument("--yes", action="store_true", help="thaw without asking")


def run(args: argparse.Namespace) -> int:
    """Show and ask; 0 if nothing is frozen any more."""
    with access.opened(args.data) as database:
        frozen = chosen(frozen_roots(database), args.path)
        with database.read() as session:
            ledger_reason = session.scalar(sa.select(models.Ledger.frozen_reason))
        left = sum(not _thaw(database, root, is_sure=args.yes) for root in frozen)
    if ledger_reason:
        print(f"Filing is frozen: {ledger_reason}")
        print("    thaw does not change that, only reconcile --repair (or rebuild) does")
    elif not frozen:
        print("nothing is frozen")
    return 1 if left or ledger_reason else 0


def frozen_roots(database: Database) -> list[KnownRoot]:
    """Return every frozen root."""
    with database.read() as session:
        known = [roots.known(session, root) for root in roots.find(session)]
    return [root for root in known if root.frozen_reason is not None]


def chosen(frozen: Sequence[KnownRoot], path: str | None) -> Sequence[KnownRoot]:
    """Return the frozen root that is named, or all; raises UserError if it is not frozen."""
    if path is None:
        return frozen
    named = [root for root in frozen if root.path == os.path.realpath(path)]
    if not named:
        raise UserError(f"{path} is not frozen", "see ./photofactory status")
    return named


def _thaw(database: Database, root: KnownRoot, *, is_sure: bool) -> bool:
    """Show one root, ask, and thaw it; return whether it was thawed."""
    print(f"{root.path}\n    frozen: {root.frozen_reason}")
    survey = Survey(database, root, SystemClock())
    try:
        look = survey.look()
    except DependencyError as error:
        print(f"    it cannot be thawed now: {error}")
        return False
    show(look)
    if not is_sure and not asking.agrees("    thaw it? [y/N] "):
        return False
    survey.note(at_most=look.news)  # so that the next survey does not freeze it again
    return database.run(lambda session: roots.thaw(session, root.id))


def show(look: Look) -> None:
    """Print what differs now."""
    if not look.news:
        print(f"    now all {look.known} originals in it are as the ledger knows them")
        return
    print(
        f"    of {look.known} files {look.vanished} are missing, {look.changed} have another size"
        + (f", {look.returned} are back" if look.returned else "")
    )
    for example in look.examples:
        print(f"      {example}")
    if look.vanished + look.changed > len(look.examples):
        print(f"      … and {look.vanished + look.changed - len(look.examples)} more")
    print("    thawed, these count as missing; copies of them stay, and nothing is deleted")
