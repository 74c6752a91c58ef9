"""The table of examples that explains the dating rules; the default zone is Europe/Berlin."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping

import pytest

from librarian.domain import capture, facts, naming

NOW = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
RULES = capture.DateRules(default_zone="Europe/Berlin", now=NOW)
DTO = "EXIF:DateTimeOriginal"
CREATE = "EXIF:CreateDate"


@dataclasses.dataclass(frozen=True)
class Example:
    wall_clock: str | None
    confidence: str
    tags: Mapping[str, facts.JSON] = dataclasses.field(default_factory=dict)
    name: str = "DSC_0001.jpg"
    mtime: str | None = None
    position: tuple[float | None, float | None] = (None, None)
    source: str | None = None
    offset: tuple[int | None, str] | None = None
    instant: str | None = None
    folder: str | None = None
    time_known: bool = True
    conflict: bool = False
    suspicious: bool = False
    review: bool = False
    rejected: Mapping[str, str] = dataclasses.field(default_factory=dict)


EXAMPLES = {
    "two tags agree": Example(
        "2019-07-14T10:00:00",
        "high",
        {DTO: "2019:07:14 10:00:00", CREATE: "2019:07:14 10:00:00"},
        mtime="2024-03-01T10:00:00Z",
    ),
    "an earlier mtime does not beat the camera": Example(
        "2021-05-01T12:00:00",
        "medium",
        {DTO: "2021:05:01 12:00:00"},
        mtime="2020-01-01T08:00:00Z",
        source=DTO,
    ),
    "a default date loses to the name": Example(
        "2019-07-14T10:15:00",
        "medium",
        {CREATE: "2000:01:01 00:00:00"},
        "IMG_20190714_101500.jpg",
        source="filename_datetime",
        review=True,
        rejected={CREATE: "default_date"},
    ),
    "a default date beats the mtime": Example(
        "2000-01-01T00:00:00",
        "low",
        {CREATE: "2000:01:01 00:00:00"},
        mtime="2023-03-01T10:00:00Z",
        suspicious=True,
        review=True,
    ),
    "WhatsApp knows the day alone": Example(
        "2020-01-31T23:59:00",
        "medium",
        name="IMG-20200131-WA0007.jpg",
        mtime="2023-03-01T10:00:00Z",
        source="filename_date",
        time_known=False,
        review=True,
    ),
    "only an mtime": Example(
        "2023-03-01T11:00:00",
        "low",
        mtime="2023-03-01T10:00:00Z",
        source="File:FileModifyDate",
        offset=(60, "default"),
        review=True,
    ),
    "a stated offset": Example(
        "2022-12-31T23:30:00",
        "medium",
        {DTO: "2022:12:31 23:30:00", "EXIF:OffsetTimeOriginal": "+02:00"},
        offset=(120, "tag"),
        instant="2022-12-31T21:30:00Z",
        folder="2022/2022-12-31",
    ),
    "a video in Tokyo": Example(
        "2023-01-01T08:30:00",
        "medium",
        {"QuickTime:CreateDate": "2022-12-31T23:30:00Z"},
        position=(35.68, 139.76),
        offset=(540, "gps"),
        folder="2023/2023-01-01",
    ),
    "local time against GPS time": Example(
        "2022-06-01T14:00:00",
        "medium",
        {
            DTO: "2022:06:01 14:00:00",
            "EXIF:GPSDateStamp": "2022:06:01",
            "EXIF:GPSTimeStamp": [12.0, 0.0, 0.0],
        },
        offset=(120, "utc_delta"),
        instant="2022-06-01T12:00:00Z",
    ),
    "a date is no offset": Example(
        "2024-01-15T23:59:00", "low", name="2024-0115.jpg", time_known=False, review=True
    ),
    "a dotted time in a name": Example(
        "2021-03-04T12:00:00", "low", name="trip 2021-03-04 12.00.00.jpg", review=True
    ),
    "name and camera a year apart": Example(
        "2018-06-01T10:00:00",
        "low",
        {DTO: "2018:06:01 10:00:00"},
        "2019-06-01.jpg",
        conflict=True,
        suspicious=True,
        review=True,
    ),
    "nothing": Example(None, "none", offset=(None, "none"), review=True, time_known=False),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_evidence_leads_to_the_result_of_the_table(example: Example) -> None:
    mtime = None if example.mtime is None else datetime.datetime.fromisoformat(example.mtime)
    evidence = capture.Evidence(
        tags=example.tags,
        original_path=f"Camera/{example.name}",
        mtime=mtime,
        arrived_at=NOW,
        latitude_deg=example.position[0],
        longitude_deg=example.position[1],
    )

    found = capture.decide(evidence, RULES)

    wall_clock = found.captured_local
    assert (wall_clock and wall_clock.isoformat()) == example.wall_clock
    assert found.confidence == example.confidence
    assert found.time_known == example.time_known
    assert (found.conflict, found.suspicious) == (example.conflict, example.suspicious)
    assert found.needs_review == example.review
    assert example.source in {None, found.source}
    assert example.offset in {None, (found.utc_offset_minutes, found.offset_source)}
    refused = {c.source: c.reason for c in found.candidates if c.is_rejected}
    assert refused == example.rejected
    if example.instant is not None:
        assert found.captured_at == datetime.datetime.fromisoformat(example.instant)
    if example.folder is not None:
        assert wall_clock is not None
        assert naming.folder(wall_clock) == example.folder
