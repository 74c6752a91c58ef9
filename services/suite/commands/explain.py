"""`photofactory explain`: why a photo has its date; also of a file that is not filed yet."""

import argparse
import json
import os
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from rich.table import Table
from sqlalchemy import orm

from dashboard import receipts, words
from librarian import explaining
from librarian.domain import naming
from librarian.explaining import Explanation
from librarian.redating import decisions
from librarian.repository import originals
from librarian.repository import redating as rows
from shared import models
from shared.clock import SystemClock
from shared.database import Database
from shared.errors import UserError
from suite import access, reading_photo, status_text, terminal
from suite.terminal import escape

HELP = "show why a photo has its date: all evidence, what was believed, what was not"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    parser.add_argument("photo", metavar="FILE|ASSET", help="a file, or an id, path or name")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the evidence from the ledger, or of the file as it is now."""
    with access.opened(args.data) as database:
        told, explanation = explained(database, args.photo)
    show(told, explanation, is_json=args.json)
    return 0


def explained(database: Database, photo: str) -> tuple[dict[str, Any], Explanation]:
    """Return the evidence of a photo; a file is known by its content alone.

    Raises UserError for what is neither in the library nor a picture or video.
    """
    file_hash = reading_photo.hash_of(photo)
    with database.read() as session:
        if file_hash is None:
            return of_asset(session, receipts.find(session, photo, None))
        known = originals.by_hash(session, [file_hash]).get(file_hash)
        if known is not None:
            return of_asset(session, known.asset_id)
        received, zone = received_as(session, photo), originals.default_zone(session)
    reading = reading_photo.read(photo, received, zone, SystemClock().now())
    told = {
        "is_filed": False,
        "file": os.path.abspath(photo),
        "received": received,
        "folder": reading.folder,
        "default_zone": zone,
        "problem": reading.facts.problem,
    }
    return told, explaining.of_capture(reading.taken)


def of_asset(session: orm.Session, asset_id: UUID) -> tuple[dict[str, Any], Explanation]:
    """Return what the ledger holds of a photo in the library."""
    asset = session.get_one(models.MediaAsset, asset_id)
    if asset.removed_at is not None:
        why = words.removed(asset.removed_at)
        raise UserError(f"{asset.original_name}: {why}", "see photofactory receipt")
    stored = rows.load(session, [asset_id]).get(asset_id)
    date = session.get(models.AssetDate, asset_id)
    if stored is None or date is None:
        raise UserError(f"photo {asset_id} holds no evidence of its date")
    explanation = explaining.explain(
        stored.decision, date.candidates, date.reasons, stored.override
    )
    zone = originals.default_zone(session)
    of_date = decisions.folder_for(stored.decision, stored.arrived_at, zone)
    is_elsewhere = not stored.is_partner and stored.folder not in {None, of_date}
    told = {
        "is_filed": True,
        "asset_id": str(asset_id),
        "file": stored.relative_path or stored.name,
        "received": stored.received,
        "folder": stored.folder,
        "folder_of_date": of_date if is_elsewhere else None,
        "default_zone": zone,
        "arrived_at": stored.arrived_at.isoformat(),
        "decided_at": date.decided_at.isoformat(),
        "rule_version": date.rule_version,
        "companions": [companion.kind for companion in stored.companions],
        "problem": stored.facts.problem,
    }
    return told, explanation


def received_as(session: orm.Session, path: str) -> str:
    """Return the path that a file has below its source; its name if it lies in none."""
    real = os.path.realpath(path)
    source_paths = session.scalars(sa.select(models.Source.source_path)).all()
    inside = [each for each in source_paths if real.startswith(each.rstrip("/") + "/")]
    start = max(map(len, inside), default=len(os.path.dirname(real)))
    return naming.display(os.fsencode(real[start:].lstrip("/")))


def show(told: dict[str, Any], explanation: Explanation, *, is_json: bool) -> None:
    """Print the evidence."""
    if is_json:
        print(json.dumps({"format": 1, **told, **explanation.to_json()}, indent=2))
        return
    console = terminal.console()
    verb = "filed in" if told["is_filed"] else "not in the library; would be filed in"
    console.print(f"[bold]{escape(told['file'])}[/]  {verb} {told['folder']}")
    if told.get("folder_of_date"):
        console.print(f"  its date says {told['folder_of_date']}: redate --move takes it there")
    for sentence in explanation.sentences:
        console.print(f"  {escape(sentence)}")
    if told["problem"]:
        console.print(f"  [yellow]damage:[/] {escape(told['problem'])}")
    console.print(evidence(explanation))


def evidence(explanation: Explanation) -> Table:
    """Return the candidates as a table, those that were believed marked."""
    made = status_text.table(
        "Evidence", "", "weight", "source, as written", "wall clock", "verdict"
    )
    for each in explanation.candidates:
        wall = (each["value"] or "-").replace("T", " ")[: len("2019-07-14 10:00:00.000")]
        made.add_row(
            "[green]●[/]" if each["won"] else "",
            str(each["weight"]),
            f"{escape(each['source'])}\n[dim]{escape(each['raw'])}[/]",
            wall + words.offset(each["offset_minutes"]),
            escape(each["in_words"]),
        )
    return made
