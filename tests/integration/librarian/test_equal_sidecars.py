"""Sidecars with the same bytes: beside every photo they belong to, and once beside each."""

from pathlib import Path

import pytest

import factories
import photos
from factories import Factory
from shared import errors, faults
from shared.database import Database

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


def drop(factory: Factory, day: int, folder: str) -> None:
    photo = photos.jpeg(taken=f"2019:07:{day:02d} 10:00:00", seed=day)
    factory.drop(f"{folder}/a.jpg", photo)
    factory.drop(f"{folder}/a.jpg.xmp", XMP)


def test_those_of_several_photos_are_filed_together(factory: Factory) -> None:
    for day in (1, 2, 3):
        drop(factory, day, f"album {day}")

    faults.arm("filing.published:eio:2")  # the photos are recorded, the sidecars published
    try:
        with pytest.raises(errors.DependencyError):
            factory.file()
    finally:
        faults.arm("")
    reserved = factory.rows("select asset_id from filings where record -> 'link' is not null")
    factory.file()

    assert len(set(reserved)) == 3
    assert factory.names() == [
        f"2019/2019-07-0{day}/{name}" for day in (1, 2, 3) for name in ("a.jpg", "a.jpg.xmp")
    ]
    assert len(factory.rows("select id from asset_links")) == 3
    assert factory.rows("select id from filings") == []


def test_those_of_one_photo_that_came_twice_are_filed_once(factory: Factory) -> None:
    for folder in ("album", "copy of album"):
        drop(factory, 1, folder)

    factory.file()

    assert factory.names() == ["2019/2019-07-01/a.jpg", "2019/2019-07-01/a.jpg.xmp"]
    assert set(factory.outcomes().values()) == {"filed", "companion", "duplicate"}
    assert factory.found() == []


def test_two_photos_with_the_same_bytes_cannot_be_filed_at_the_same_time(factory: Factory) -> None:
    drop(factory, 1, "album")
    drop(factory, 2, "album 2")
    faults.arm("filing.published:eio")
    try:
        with pytest.raises(errors.DependencyError):
            factory.file()
    finally:
        faults.arm("")

    with pytest.raises(Exception, match="uq_filings_photo"):
        factory.change("update filings set file_hash = (select min(file_hash) from filings)")
