"""Files whose times no calendar of ours holds are filed like any other."""

import os
from pathlib import Path

import pytest

import factories
import photos
from shared.database import Database


@pytest.mark.parametrize("mtime_ns", [2**63 + 10**9, 2**62, -(10**18)])
def test_a_file_from_another_century_is_filed(
    database: Database, tmp_path: Path, mtime_ns: int
) -> None:
    factory = factories.make(database, tmp_path)
    path = factory.drop("a.jpg", photos.jpeg())
    os.utime(path, ns=(mtime_ns, mtime_ns))

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.is_source_removed) == ("filed", True)
    assert not path.exists()
    assert len(factory.names()) == 1
