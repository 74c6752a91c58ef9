import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from librarian import records
from librarian.rebuilding import matching
from shared.disk import root_folder

TIME = datetime(2024, 5, 1, tzinfo=UTC)
FOLDER = "2024/2024-05-01"


def line(number: int) -> bytes:
    return records.Record(
        asset_id=uuid.UUID(int=number),
        file_hash=f"{number:064x}",
        size_bytes=5,
        name=f"{number}.jpg",
        original_name="a.jpg",
        original_path="/inbox/a.jpg",
        source="Inbox",
        mtime_ns=0,
        arrived_at=TIME,
        ingested_at=TIME,
        captured=records.Captured(None, None, None, "none", None, "none"),
    ).to_line()


def test_a_folders_record_is_read_once_for_all_its_files(tmp_path: Path) -> None:
    record = tmp_path / FOLDER / os.fsdecode(records.NAME)
    record.parent.mkdir(parents=True)
    record.write_bytes(line(1) + line(2))
    with root_folder.recognise(str(tmp_path)).known.open() as root:
        told = matching.Records(root)
        first = told.find(FOLDER.encode(), f"{1:064x}")
        record.write_bytes(b"")
        second, unknown = (told.find(FOLDER.encode(), f"{number:064x}") for number in (2, 3))

    assert first is not None
    assert second is not None
    assert (first.name, second.name, unknown) == ("1.jpg", "2.jpg", None)
