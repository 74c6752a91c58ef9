"""A librarian that files one round and may be killed by a fault on the way.

Run as ``python -m filing_child URL FOLDER SOURCE_ID FAULT``.
"""

import sys
import uuid
from pathlib import Path

from factories import Factory
from shared import faults
from shared.database import Database


def main(arguments: list[str]) -> None:
    """File what is in the inbox."""
    url, folder, source_id, fault = arguments
    faults.arm(fault)
    base = Path(folder)
    with Database(url, application_name="librarian-child") as database:
        factory = Factory(base / "Photos_Inbox", base / "Originals", uuid.UUID(source_id), database)
        factory.file()


if __name__ == "__main__":
    main(sys.argv[1:])
