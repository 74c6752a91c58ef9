"""Records of folders on a medium that fails: filing goes on, and what they tell is whole again."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import factories
import photos
from factories import Factory
from librarian import records
from shared import errors, faults
from shared.database import Database
from shared.disk import folders

DAY = "2019/2019-07-14"
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 photoshop:DateCreated="2018-03-04T05:06:07"/></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Iterator[Factory]:
    """A factory with two photos of a day; a third one is to come."""
    made = factories.make(database, tmp_path)
    drop(made, "a")
    drop(made, "b")
    made.file()
    drop(made, "c")
    yield made
    faults.arm("")


def drop(factory: Factory, name: str) -> None:
    photo = photos.jpeg(taken=f"2019:07:14 1{ord(name) - ord('a')}:00:00", seed=ord(name))
    factory.drop(f"{name}.jpg", photo)


def told(factory: Factory) -> list[str]:
    """The names that the folder's record tells of."""
    descriptor = folders.open_root(str(factory.originals / DAY))
    try:
        return sorted(str(record.name) for record in records.read(descriptor).values())
    finally:
        os.close(descriptor)


def dates_told(factory: Factory) -> dict[str | None, str]:
    """The day of each photo by the folder's record."""
    descriptor = folders.open_root(str(factory.originals / DAY))
    try:
        found = records.read(descriptor).values()
        return {one.name: str(one.captured.local)[:10] for one in found}
    finally:
        os.close(descriptor)


def kept_aside(factory: Factory) -> list[bytes]:
    return [path.read_bytes() for path in (factory.originals / ".photofactory/damaged").glob("*")]


def test_a_record_that_cannot_be_appended_to_is_kept_aside_and_begun_anew(
    factory: Factory,
) -> None:
    before = (factory.originals / DAY / ".photofactory.jsonl").read_bytes()

    faults.arm("filing.record_line:eio")
    factory.file()

    assert set(factory.outcomes().values()) == {"filed"}
    assert told(factory) == ["a.jpg", "b.jpg", "c.jpg"]
    assert kept_aside(factory) == [before]


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/nowhere")])
def test_what_stands_in_the_place_of_a_record_is_kept_aside_and_one_is_begun(
    factory: Factory, make: Callable[[Path], None]
) -> None:
    record = factory.originals / DAY / ".photofactory.jsonl"
    record.unlink()
    make(record)

    factory.file()

    assert set(factory.outcomes().values()) == {"filed"}
    assert told(factory) == ["a.jpg", "b.jpg", "c.jpg"]
    assert len(os.listdir(factory.originals / ".photofactory/damaged")) == 1


def test_nothing_is_put_aside_on_a_disk_that_takes_no_new_record_either(factory: Factory) -> None:
    faults.arm("filing.record_line:eio:0")
    with pytest.raises(errors.DependencyError):
        factory.file()

    assert kept_aside(factory) == []
    assert told(factory) == ["a.jpg", "b.jpg"]

    faults.arm("")
    factory.file()

    assert told(factory) == ["a.jpg", "b.jpg", "c.jpg"]


def test_a_record_that_was_lost_tells_of_all_in_its_folder_when_it_is_begun_again(
    factory: Factory,
) -> None:
    (factory.originals / DAY / ".photofactory.jsonl").unlink()

    factory.file()

    assert told(factory) == ["a.jpg", "b.jpg", "c.jpg"]


def test_what_a_sidecar_said_is_told_though_a_kill_came_before(factory: Factory) -> None:
    factory.drop("a.jpg.xmp", XMP)
    faults.arm("filing.recorded:eio:2")  # behind the commit of the sidecar; the first is of c.jpg
    with pytest.raises(errors.DependencyError):
        factory.file()
    assert dates_told(factory)["a.jpg"] == "2019-07-14"

    faults.arm("")
    factory.file()

    assert dates_told(factory)["a.jpg"] == "2018-03-04"
    assert factory.rows("select * from owed_records") == []
