"""Filing with a real ledger on a real disk."""

import hashlib
from pathlib import Path

import pytest

import factories
import photos
from factories import Factory
from shared.database import Database


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


def test_a_photo_is_filed_by_its_capture_day_recorded_and_taken_from_the_inbox(
    factory: Factory,
) -> None:
    content = photos.jpeg(taken="2019:07:14 10:00:00", gps=(48.2, 16.37))
    factory.drop("Camera/IMG_1.JPG", content)

    [outcome] = factory.file()

    assert (outcome.outcome, outcome.is_source_removed) == ("filed", True)
    assert factory.names() == ["2019/2019-07-14/IMG_1.JPG"]
    assert (factory.originals / "2019/2019-07-14/IMG_1.JPG").read_bytes() == content
    [asset] = factory.rows("select * from media_assets")
    assert asset.file_hash == hashlib.sha256(content).hexdigest()
    assert asset.original_path.endswith("Photos_Inbox/Camera/IMG_1.JPG")
    assert asset.final_path == str(factory.originals / "2019/2019-07-14/IMG_1.JPG")
    assert asset.captured_local.isoformat() == "2019-07-14T10:00:00"
    assert asset.location["lat"] == pytest.approx(48.2, abs=1e-4)
    assert factory.events("media.asset.ingested") == 1
    assert factory.found() == []
    assert factory.rows("select * from filings") == []
