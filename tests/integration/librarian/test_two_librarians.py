"""Two librarians on one inbox: every file has one outcome, whoever came first."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bulk_photos
import factories
import photos
import unmounting
from factories import Factory
from hand_clock import GoingOn, HandClock
from librarian.arrivals import Mode
from librarian.desk import Desk
from librarian.inbox import Inbox
from running_librarian import LIMIT_S, RunningLibrarian
from shared.database import Database
from waiting import until

MANY = 300

Two = tuple[Factory, Inbox, Inbox]


@pytest.fixture
def open_two(database: Database, tmp_path: Path) -> Iterator[Callable[[Mode], Two]]:
    """Two inboxes of two owners on one folder; both have seen three complete files there."""
    clock = HandClock()
    with contextlib.ExitStack() as closing:

        def opened(factory: Factory) -> Inbox:
            filer = closing.enter_context(factory.filer())
            desk = Desk(database, filer, clock, filer.means.owner.id, GoingOn())
            inbox = Inbox(factory.source(), desk, threading.Event())
            closing.callback(inbox.close)
            return inbox

        def two(mode: Mode) -> Two:
            factory = factories.make(database, tmp_path, mode)
            factory.drop("a/1.jpg", photos.jpeg(None, seed=1))
            factory.drop("a/2.jpg", photos.jpeg(None, seed=2))
            factory.drop("a/empty.jpg", b"")
            first, second = opened(factory), opened(factory)
            for inbox in (first, second):
                inbox.visit()
            clock.pass_by(6)
            with factory.source().opened() as source_fd:
                for inbox in (first, second):
                    inbox._scan(source_fd)
            return factory, first, second

        yield two


def rows(factory: Factory) -> list[tuple[str, str | None, bool]]:
    """Every row of a file ever made: path, outcome, whether it is history."""
    found = factory.rows(
        "select display_path as path, outcome, superseded_at is not null as is_history from files"
        " order by display_path, first_seen_at"
    )
    return [(row.path, row.outcome, row.is_history) for row in found]


EACH_ONCE = [
    ("a/1.jpg", "filed", False),
    ("a/2.jpg", "filed", False),
    ("a/empty.jpg", "quarantined", False),
]


@pytest.mark.parametrize(
    ("mode", "point"),
    [
        ("copy", "stage.staged"),
        ("copy", "filing.decided"),
        ("move", "stage.staged"),
        ("move", "filing.decided"),
        ("move", "remove.aside"),
        ("move", "remove.unlinked"),
    ],
)
def test_who_looked_before_the_other_filed_leaves_its_rows_alone(
    open_two: Callable[[Mode], Two], mode: Mode, point: str
) -> None:
    factory, first, second = open_two(mode)
    decided: list[int] = []

    def start_and_visit() -> None:
        second._is_recovered = False
        decided.append(second.visit())

    with unmounting.At(point, start_and_visit) as instant:
        decided.append(first.visit())

    assert instant.has_happened
    assert decided == [0, 3]
    assert rows(factory) == EACH_ONCE


@pytest.mark.parametrize("mode", ["move", "copy"])
def test_who_comes_after_the_other_finds_nothing_left_to_do(
    open_two: Callable[[Mode], Two], mode: Mode
) -> None:
    factory, first, second = open_two(mode)

    assert [first.visit(), second.visit()] == [3, 0]
    assert rows(factory) == EACH_ONCE


def test_two_processes_on_one_inbox_file_everything_once(
    database: Database, tmp_path: Path
) -> None:
    factory = factories.make(database, tmp_path)
    bulk_photos.write(tmp_path / "many", MANY)

    with (
        RunningLibrarian(factory, tmp_path / "first"),
        RunningLibrarian(factory, tmp_path / "second"),
    ):
        (tmp_path / "many").rename(factory.inbox / "many")
        until(lambda: not (factory.inbox / "many").exists(), within_s=LIMIT_S, every_s=0.2)

    assert len(factory.names()) == MANY
    assert {(outcome, is_history) for _, outcome, is_history in rows(factory)} == {("filed", False)}
    assert len(rows(factory)) == MANY
