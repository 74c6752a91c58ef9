"""`photofactory clock-fix`: a camera whose clock was wrong, or stood in another zone."""

import argparse
import sys
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import orm

from dashboard import receipts
from librarian.domain import zone as zones
from librarian.redating import camera_clock, criteria, decisions, overrides, suggesting, survey
from librarian.redating.criteria import Criteria
from librarian.redating.overrides import ClockFix
from librarian.redating.plan import How
from librarian.redating.suggesting import Suggestion
from librarian.redating.survey import Asked
from librarian.repository import originals
from librarian.repository import redating as rows
from shared.database import Database
from shared.errors import UserError
from suite import access, reading_photo, redate_job

HELP = "shift all photos of one camera in a time range: wrong clock or wrong zone; can be undone"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    parser.add_argument(
        "--camera", required=True, metavar='"MAKE MODEL"', help="which camera; * for anything"
    )
    parser.add_argument(
        "--from", dest="start", metavar="TIME", help="first wall clock as dated now"
    )
    parser.add_argument("--to", dest="end", metavar="TIME", help="last wall clock; a day is whole")
    wrong = parser.add_mutually_exclusive_group()
    wrong.add_argument(
        "--shift", metavar="+H:MM:SS", help="what to add; write --shift=-1:00:00 with the sign"
    )
    wrong.add_argument(
        "--true-time",
        metavar="PHOTO=TIME",
        help="the true wall clock of one photo (id, path, name or file); the rest moves with it",
    )
    parser.add_argument("--zone", help="the zone that the photos were taken in, e.g. Europe/Rome")
    parser.add_argument(
        "--keep",
        choices=(overrides.WALL_CLOCK, overrides.INSTANT),
        default=overrides.WALL_CLOCK,
        help="with --zone: the camera showed the local time of that zone (default), or it still "
        "ran in the zone of home and the moment is right",
    )
    redate_job.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Show evidence and diff, ask, change, follow."""
    chosen = criteria.parse(where(args))
    is_asking = not (args.shift or args.true_time or args.zone)
    opened = access.opened if args.dry_run or is_asking else access.of_running_suite
    with opened(args.data) as database:
        with database.read() as session:
            default_zone = originals.default_zone(session)
            if not rows.page(session, chosen, after=None, limit=1):
                raise no_photos(session, args.camera)
        fix = fix_of(database, args)
        suggestion = evidence(database, chosen, default_zone)
        print(words(suggestion), file=sys.stderr if args.json else sys.stdout)
        if is_asking:
            raise UserError("nothing says how the clock was wrong", "give --shift, --true-time or "
                            "--zone")  # fmt: skip
        job_id = uuid4()
        found = survey.survey(database, chosen, How(default_zone, job_id, fix, args.move))
        return redate_job.change(database, Asked(job_id, "clock_fix"), found, args)


def where(args: argparse.Namespace) -> list[str]:
    """Return the camera and the range as criteria."""
    found = [f"camera={args.camera}"]
    found += [f"from={args.start}"] if args.start else []
    return found + ([f"to={args.end}"] if args.end else [])


def fix_of(database: Database, args: argparse.Namespace) -> ClockFix:
    """Return what the arguments say; raises UserError for what cannot be."""
    if args.zone and zones.named(args.zone, "manual") is None:
        raise UserError(f'there is no zone "{args.zone}"', "write it as Europe/Rome")
    shift = camera_clock.shift_of(args.shift) if args.shift else timedelta()
    if args.true_time:
        photo, equals, text = args.true_time.rpartition("=")
        if not equals:
            raise UserError(
                f'"{args.true_time}" is not PHOTO=TIME', "e.g. IMG_1.jpg=2019-07-14T10:00"
            )
        shift = true_shift(database, photo, text)
    return ClockFix(shift, args.zone, args.keep)


def true_shift(database: Database, photo: str, text: str) -> timedelta:
    """Return by how much one photo's wall clock differs from the true one."""
    with database.read() as session:
        asset_id: UUID = receipts.find(session, photo, reading_photo.hash_of(photo))
        stored = rows.load(session, [asset_id]).get(asset_id)
    if stored is None or stored.decision.captured_local is None:
        raise UserError(f"{photo} has no date to compare with", "name another photo")
    return criteria.moment(text) - stored.decision.captured_local


def evidence(database: Database, chosen: Criteria, default_zone: str | None) -> Suggestion | None:
    """Return what GPS says of the clock, as the photos are dated now."""
    return suggesting.suggest(
        decisions.decide(stored, default_zone, stored.override)
        for stored in survey.stream(database, chosen)
        if not overrides.is_set_by_person(stored.override)
    )


def words(suggestion: Suggestion | None) -> str:
    """Return a suggestion as a sentence."""
    if suggestion is None:
        return "evidence: none of these photos holds GPS time beside the camera's"
    if abs(suggestion.shift) <= suggesting.CLOSE:
        return f"evidence: GPS time of {suggestion.photos} photos says that the clock was right"
    shift = camera_clock.words(suggestion.shift)
    return (
        f"evidence: GPS time suggests --shift={shift}"
        f" ({suggestion.agreeing} of {suggestion.photos} photos agree)"
    )


def no_photos(session: orm.Session, camera: str) -> UserError:
    """Return what to say when nothing fits."""
    listed = ", ".join(f'"{name}" ({count})' for name, count in rows.cameras(session)[:12])
    return UserError(
        f'no photo of "{camera}" was taken in this range',
        f"look at --from and --to; cameras here: {listed or 'none'}",
    )
