"""A rebuild that may be killed by a fault on the way.

Run as ``python -m rebuild_child URL DATA FAULT``.
"""

import sys
from pathlib import Path

import pytest

from librarian.rebuilding import rebuild as rebuilding
from shared import faults
from shared.database import Database
from suite.commands import rebuild
from suite.data_folder import DataFolder


def main(arguments: list[str]) -> None:
    """Rebuild the ledger of a data folder in small batches."""
    url, data, fault = arguments
    faults.arm(fault)
    with (
        Database(url, application_name="rebuild-child") as database,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(rebuilding, "BATCH", 3)
        rebuild.rebuild(database, DataFolder(Path(data)))


if __name__ == "__main__":
    main(sys.argv[1:])
