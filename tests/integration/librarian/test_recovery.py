"""What an interrupted filing left that cannot be finished blocks nobody, and is not lost."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import factories
import photos
from factories import Factory
from librarian.repository import leftovers
from shared import errors, faults
from shared.database import Database

DAY = "2019/2019-07-14"
FIRST = photos.jpeg(taken="2019:07:14 10:00:00", seed=1)
SECOND = photos.jpeg(taken="2019:07:14 11:00:00", seed=2)


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    """A factory where two photos are published and not recorded."""
    made = factories.make(database, tmp_path)
    made.drop("a.jpg", FIRST)
    made.drop("b.jpg", SECOND)
    with faulty("filing.published:eio"), pytest.raises(errors.DependencyError):
        made.file()
    return made


@contextlib.contextmanager
def faulty(fault: str) -> Iterator[None]:
    faults.arm(fault)
    try:
        yield
    finally:
        faults.arm("")


def aside(factory: Factory) -> list[bytes]:
    return [path.read_bytes() for path in (factory.originals / ".photofactory/damaged").glob("*")]


def test_a_published_file_that_cannot_be_read_is_put_aside_and_filed_again(
    factory: Factory,
) -> None:
    with faulty("recovery.hash:eio"):
        factory.file()

    assert factory.outcomes() == {"a.jpg": "filed", "b.jpg": "filed"}
    assert factory.names() == [f"{DAY}/a.jpg", f"{DAY}/b.jpg"]
    assert aside(factory) in ([FIRST], [SECOND])
    assert factory.rows("select id from filings") == []


def test_a_filing_that_the_disk_refuses_to_finish_stays_open_and_the_others_go_on(
    factory: Factory,
) -> None:
    factory.drop("c.jpg", photos.jpeg(taken="2019:07:14 12:00:00", seed=3))
    with faulty("recovery.hash:exdev:0"):
        factory.file()

    outcomes = factory.outcomes()
    assert (outcomes["a.jpg"], outcomes["b.jpg"], outcomes["c.jpg"]) == (None, None, "filed")
    assert factory.names() == [f"{DAY}/{name}.jpg" for name in "abc"]

    factory.file()

    assert set(factory.outcomes().values()) == {"filed"}
    assert aside(factory) == []


def test_a_filing_that_the_ledger_refuses_afterwards_keeps_its_bytes_aside(
    factory: Factory,
) -> None:
    factory.change(
        "update filings set record = jsonb_set(record, '{asset,utc_offset_minutes}', '99999')"
        f" where relative_path = '{DAY}/a.jpg'"
    )
    (factory.inbox / "a.jpg").unlink()

    factory.file()

    assert factory.outcomes() == {"a.jpg": "failed", "b.jpg": "filed"}
    assert factory.names() == [f"{DAY}/b.jpg"]
    assert aside(factory) == [FIRST]


def test_sources_that_are_left_go_page_by_page(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = factories.make(database, tmp_path, mode="copy")
    for number in range(3):
        made.drop(f"{number}.jpg", photos.jpeg(taken="2019:07:14 10:00:00", seed=number))
    made.file()
    made.change("update sources set default_import_mode = 'move'")
    (made.inbox / "0.jpg").write_bytes(b"another file by now")

    monkeypatch.setattr(leftovers, "PAGE", 1)
    source = made.source()
    with source.opened() as source_fd, made.filer() as filer:
        filer.recover(source, source_fd)

    assert [path.name for path in made.inbox.iterdir()] == ["0.jpg"]
    [removed] = made.rows("select count(source_removed_at) as files from files")
    assert removed.files == 2
