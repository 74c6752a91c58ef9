import dataclasses
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian import records
from shared.disk import folders

TIME = datetime(2024, 5, 1, 12, 30, 1, 250_000, tzinfo=UTC)
RECORD = records.Record(
    asset_id=uuid.UUID(int=1),
    file_hash="ab" * 32,
    size_bytes=5,
    name="a.jpg",
    original_name="a.jpg",
    original_path="/inbox/a.jpg",
    source="Inbox",
    mtime_ns=1_700_000_000_123_456_789,
    arrived_at=TIME,
    ingested_at=TIME,
    captured=records.Captured(
        TIME.replace(tzinfo=None), TIME, 120, "tag", "EXIF:CreateDate", "high"
    ),
    links=(records.Link("xmp", "cd" * 32, name="a.jpg.xmp"),),
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    descriptor = folders.open_root(str(tmp_path))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def test_a_record_reads_back_as_it_was_written(folder: int) -> None:
    records.append(folder, [RECORD.to_line()])

    assert records.read(folder) == {RECORD.asset_id: RECORD}


def test_a_folder_without_a_record_has_none(folder: int) -> None:
    assert records.read(folder) == {}


def test_the_newest_line_of_an_asset_wins(folder: int) -> None:
    newer = dataclasses.replace(RECORD, revision=2, name=None)
    records.append(folder, [RECORD.to_line()])
    records.append(folder, [newer.to_line()])

    assert records.read(folder) == {RECORD.asset_id: newer}


def test_a_torn_last_line_is_skipped_and_swallows_nothing(folder: int, tmp_path: Path) -> None:
    other = dataclasses.replace(RECORD, asset_id=uuid.UUID(int=2))
    (tmp_path / os.fsdecode(records.NAME)).write_bytes(RECORD.to_line() + other.to_line()[:40])
    third = dataclasses.replace(RECORD, asset_id=uuid.UUID(int=3))

    records.append(folder, [third.to_line()])

    assert list(records.read(folder)) == [RECORD.asset_id, third.asset_id]


def test_unknown_keys_of_later_versions_are_left_out() -> None:
    line = RECORD.to_line().replace(b'{"format":1', b'{"colour":"red","format":2', 1)

    assert list(records.parse([line])) == [RECORD]


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_line_stops_the_reading(lines: list[bytes]) -> None:
    assert list(records.parse([*lines, b"[1]", b"{}", RECORD.to_line()]))[-1] == RECORD
