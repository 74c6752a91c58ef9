"""`photofactory thaw`: a frozen folder may be changed again, once a person has seen why."""

import argparse
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import orm

from librarian.redating import brake
from librarian.redating import survey as redates
from librarian.repository import braking
from librarian.survey import Look, Survey
from shared import jobs, models
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import roots
from shared.disk.root_folder import KnownRoot
from shared.errors import DependencyError, UserError
from suite import access, asking, redate_job

HELP = "show why folders are frozen and what changed or would change; then let work go on"

GO_ON: Final = "go on"
CANCEL: Final = "cancel"
KEEP: Final = "keep"
EXAMPLES: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare which folder, and whether to ask."""
    parser.add_argument("path", nargs="?", metavar="PATH", help="this folder only")
    parser.add_argument(
        "--yes", action="store_true", help="do not ask, for scripts; jobs that wait go on"
    )
    parser.add_argument(
        "--cancel",
        action="store_true",
        help="thaw, and cancel the job that would give many photos another date",
    )
    redate_job.add_listing(parser)


def run(args: argparse.Namespace) -> int:
    """Show and ask; 0 if nothing is frozen any more."""
    with access.opened(args.data) as database:
        frozen = chosen(frozen_roots(database), args.path)
        with database.read() as session:
            ledger_reason = session.scalar(sa.select(models.Ledger.frozen_reason))
        left = sum(not _thaw(database, root, args) for root in frozen)
    if ledger_reason:
        print(f"Filing is frozen: {ledger_reason}")
        print("    thaw does not change that, only reconcile --repair (or rebuild) does")
    elif not frozen:
        print("nothing is frozen")
    return 1 if left or ledger_reason else 0


def frozen_roots(database: Database) -> list[KnownRoot]:
    """Return every root that is frozen, or whose photos a job waits for."""
    with database.read() as session:
        known = [roots.known(session, root) for root in roots.find(session)]
        return [root for root in known if root.frozen_reason or braking.held(session, root.id)]


def chosen(frozen: Sequence[KnownRoot], path: str | None) -> Sequence[KnownRoot]:
    """Return the frozen root that is named, or all; raises UserError if it is not frozen."""
    if path is None:
        return frozen
    named = [root for root in frozen if root.path == os.path.realpath(path)]
    if not named:
        raise UserError(f"{path} is not frozen", "see ./photofactory status")
    return named


def _thaw(database: Database, root: KnownRoot, args: argparse.Namespace) -> bool:
    """Show one root and the jobs that wait, ask, and thaw it; return whether it was thawed."""
    print(f"{root.path}\n    frozen: {root.frozen_reason or 'no more, but a job waits'}")
    survey = Survey(database, root, SystemClock())
    try:
        look = survey.look()
    except DependencyError as error:
        print(f"    it cannot be thawed now: {error}")
        return False
    show(look)
    with database.read() as session:
        held = braking.held(session, root.id)
    for job in held:
        show_job(database, root, job, is_all=args.all)
    answer = asked(held, args)
    if answer == KEEP:
        return False
    survey.note(at_most=look.news)  # so that the next survey does not freeze it again
    database.run(lambda session: _settle(session, root, held, answer))
    return True


def asked(held: Sequence[models.Job], args: argparse.Namespace) -> str:
    """Return what a person wants: GO_ON, CANCEL or KEEP (all stays as it is)."""
    if held and args.cancel:
        return CANCEL
    what = ", and let the job go on" if held else ""
    if args.yes or asking.agrees(f"    thaw it{what}? [y/N] "):
        return GO_ON
    if held and asking.agrees("    cancel the job, and thaw it? [y/N] "):
        return CANCEL
    return KEEP


def show_job(database: Database, root: KnownRoot, job: models.Job, *, is_all: bool) -> None:
    """Print what a job waits to do, and what companions did before it."""
    print(f"    job {job.id} ({job.type}) waits; it would do this:")
    redate_job.show(redates.of_job(database, job.id), is_all=is_all)
    if job.type != braking.JOB:
        return
    with database.read() as session:
        done = braking.examples(session, root.id, job.created_at, EXAMPLES)
    if done:
        print("    before that, companions gave these another date (the latest, in UTC):")
    for each in done:
        print(f"      {each.relative_path}: {_moment(each.before)} -> {_moment(each.after)}")


def _moment(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else "unknown"


def _settle(session: orm.Session, root: KnownRoot, held: Sequence[models.Job], answer: str) -> None:
    now = SystemClock().now()
    for job in held:
        if answer == CANCEL:
            jobs.cancel(session, job.id, now=now)
        else:
            brake.accept(session, job, now)
    roots.thaw(session, root.id)


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
