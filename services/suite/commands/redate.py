"""`photofactory redate`: today's rules over stored evidence, as a diff, then as a job."""

import argparse
import json
from uuid import UUID, uuid4

from librarian.redating import criteria, survey
from librarian.redating.plan import How
from librarian.repository import originals
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import UserError
from suite import access, asking, redate_job

HELP = "decide dates anew from stored evidence: shows a diff, asks, can be undone"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    keys = "; ".join(f"{key}: {words}" for key, words in criteria.KEYS.items())
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=f"only photos that fit; may be repeated. {keys}",
    )
    parser.add_argument("--undo", type=UUID, metavar="JOB", help="take back what a job did")
    redate_job.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show, ask, change, follow."""
    if args.undo:
        if args.where or args.move or args.dry_run:
            raise UserError("--undo takes a whole job back", "give it without --where or --move")
        with access.of_running_suite(args.data) as database:
            return undo(database, args)
    chosen = criteria.parse(args.where)
    opened = access.opened if args.dry_run else access.of_running_suite
    with opened(args.data) as database:
        with database.read() as session:
            zone = originals.default_zone(session)
        job_id = uuid4()
        found = survey.survey(database, chosen, How(zone, job_id, is_moving=args.move))
        return redate_job.change(database, "redate", job_id, found, args)


def undo(database: Database, args: argparse.Namespace) -> int:
    """Take a job back, dates and paths."""
    if not args.yes and not asking.agrees(f"take job {args.undo} back? [y/N] "):
        return 1
    job_id = uuid4()
    survey.request_undo(database, args.undo, job_id, SystemClock().now())
    result = redate_job.follow(database, job_id)
    if not args.json:
        return redate_job.tell(result)
    print(json.dumps(result, ensure_ascii=False))
    return redate_job.code_of(result)
