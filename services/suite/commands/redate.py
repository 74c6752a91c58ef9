"""`photofactory redate`: today's rules over stored evidence, as a diff, then as a job."""

import argparse
from uuid import UUID, uuid4

from librarian.redating import criteria, survey
from librarian.redating.plan import How
from librarian.redating.survey import Asked
from librarian.repository import originals
from shared.errors import UserError
from suite import access, redate_job

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
    if args.undo and (args.where or args.move):
        raise UserError("--undo takes a whole job back", "give it without --where or --move")
    chosen = criteria.parse(args.where)
    opened = access.opened if args.dry_run else access.of_running_suite
    with opened(args.data) as database:
        if args.undo:
            found = survey.undoing(database, args.undo)
            asked = Asked(uuid4(), "undo", undoes=args.undo)
            return redate_job.change(database, asked, found, args)
        with database.read() as session:
            zone = originals.default_zone(session)
        job_id = uuid4()
        found = survey.survey(database, chosen, How(zone, job_id, is_moving=args.move))
        return redate_job.change(database, Asked(job_id, "redate"), found, args)
