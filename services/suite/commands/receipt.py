"""`photofactory receipt`: the history of one photo, with evidence and copies."""

import argparse
import hashlib
from pathlib import Path

from dashboard import receipts
from suite import access, status_text, terminal

HELP = "show the history of one photo: arrival, date and evidence, place, copies"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own arguments."""
    parser.add_argument("photo", help="an asset id, a path, a name, or a file with these bytes")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the receipt."""
    with access.opened(args.data) as database, database.read() as session:
        asset_id = receipts.find(session, args.photo, hash_of(Path(args.photo)))
        found = receipts.read(session, asset_id)
    if args.json:
        print(found.model_dump_json(indent=2))
        return 0
    console = terminal.console()
    for part in status_text.receipt(found):
        console.print(part)
    return 0


def hash_of(path: Path) -> str | None:
    """Return the SHA-256 of a file that is there; None for anything else."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
