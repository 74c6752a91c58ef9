"""Are all originals still there? A few missing ones are named, many freeze their root."""

import asyncio
import shutil
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from typing_extensions import override

import assets
import library as libraries
import unmounting
from hand_clock import HandClock
from librarian.repository import surveying
from librarian.repository.surveying import Expected
from librarian.survey import Look, Survey
from librarian.watch import Watch, pause_s
from library import Library
from shared import heartbeat, models, process
from shared.database import Database
from shared.disk import mass_change, roots
from shared.disk.mass_change import Thresholds
from shared.errors import DependencyError

FEW = Thresholds(share=0.2, minimum=3)


@pytest.fixture
def library(database: Database, tmp_path: Path) -> Library:
    made = libraries.make(database, tmp_path)
    assets.add_many(database, 0)  # sets the ledger up
    return made


def fill(library: Library, count: int) -> list[UUID]:
    return [
        library.file(f"20{number % 7:02}/d{number % 5}/{number}.jpg", b"photo %d" % number)
        for number in range(count)
    ]


def survey(library: Library) -> Look:
    with library.database.read() as session:
        root = roots.known(session, roots.get(session, library.originals))
    return Survey(library.database, root, HandClock()).run(FEW)


def state(library: Library) -> tuple[str, str | None]:
    with library.database.read() as session:
        root = roots.get(session, library.originals)
        return root.state, root.state_reason


def missing_events(library: Library, asset_id: UUID) -> int:
    return assets.topics_told(library.database, asset_id).count("media.asset.missing")


def test_a_few_missing_ones_are_named_once_and_forgiven_when_they_are_back(
    library: Library,
) -> None:
    ids = fill(library, 20)
    gone, cut = library.path("2003/d3/3.jpg"), library.path("2004/d4/4.jpg")
    content = cut.read_bytes()
    gone.rename(library.folder / "elsewhere")
    cut.write_bytes(b"")

    first, second = survey(library), survey(library)

    assert (first.known, first.vanished, first.changed) == (20, 1, 1)
    assert (second.vanished, second.changed, second.noted) == (0, 0, 2)
    assert [missing_events(library, ids[number]) for number in (2, 3, 4)] == [0, 1, 1]
    row = assets.read(library.database, ids[3])
    assert (row.damage, row.has_errors, row.error_message) == (
        "missing",
        True,
        "original: missing",
    )
    assert assets.read(library.database, ids[4]).damage == "its size has changed"

    (library.folder / "elsewhere").rename(gone)
    cut.write_bytes(content)
    assert survey(library).returned == 2

    row = assets.read(library.database, ids[3])
    assert (row.damage, row.has_errors, row.error_message) == (None, False, None)
    assert missing_events(library, ids[3]) == 1
    assert state(library) == ("online", None)


def test_an_earlier_damage_comes_back_with_its_file(library: Library) -> None:
    asset_id = library.file("a.jpg", b"cut", damage="truncated", facts={"problem": "truncated"})
    fill(library, 20)
    path = library.path("a.jpg")
    path.rename(library.folder / "elsewhere")
    survey(library)
    assert assets.read(library.database, asset_id).damage == "missing"

    (library.folder / "elsewhere").rename(path)
    survey(library)

    assert assets.read(library.database, asset_id).damage == "truncated"


def test_many_missing_ones_freeze_the_root_and_nothing_else_happens(library: Library) -> None:
    ids = fill(library, 21)
    shutil.rmtree(library.path("2003"))

    assert survey(library).vanished == 3
    assert state(library)[0] == "online"  # three of 21 are few

    shutil.rmtree(library.path("2004"))
    shutil.rmtree(library.path("2005"))
    survey(library)

    assert state(library) == ("frozen", "6 of 18 known files vanished")
    assert [missing_events(library, ids[number]) for number in (3, 4, 5)] == [1, 0, 0]


def test_a_root_that_is_not_there_marks_nothing(library: Library) -> None:
    ids = fill(library, 5)
    library.path("").rename(library.folder / "unmounted")

    with pytest.raises(DependencyError):
        survey(library)
    library.path("").mkdir()
    with pytest.raises(DependencyError, match="marker"):
        survey(library)

    assert assets.read(library.database, ids[0]).damage is None


def test_a_disk_that_goes_away_while_it_is_surveyed_marks_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(library, 20)
    library.path("2003/d3/3.jpg").unlink()
    disk = unmounting.RenamedDisk(library.path(""))
    page = surveying.page

    def page_then_unmount(session: orm.Session, root_id: UUID, after: str) -> list[Expected]:
        read = page(session, root_id, after)
        if not after:
            disk.unmount()
        return read

    monkeypatch.setattr(surveying, "page", page_then_unmount)

    with pytest.raises(DependencyError, match="is the disk mounted"):
        survey(library)

    assert assets.read(library.database, ids[3]).damage is None
    assert state(library) == ("online", None)
    disk.mount()


def test_a_frozen_root_is_only_looked_at(library: Library) -> None:
    ids = fill(library, 20)
    with library.database.transaction() as session:
        roots.freeze(session, library.originals, "somebody said so")
    library.path("2003/d3/3.jpg").unlink()

    assert survey(library).vanished == 1

    assert assets.read(library.database, ids[3]).damage is None


def test_the_watch_surveys_at_the_start_and_now_and_then_and_says_what_is_offline(
    library: Library,
) -> None:
    ids = fill(library, 20)
    clock = HandClock()
    watch = Watch(library.database, clock)
    watch.once()
    library.path("2003/d3/3.jpg").unlink()

    watch.once()
    assert assets.read(library.database, ids[3]).damage is None

    clock.pass_by(601)
    watch.once()
    assert assets.read(library.database, ids[3]).damage == "missing"

    library.path("").rename(library.folder / "unmounted")
    clock.pass_by(7 * 3600)
    watch.once()
    assert state(library)[0] == "offline"
    (library.folder / "unmounted").rename(library.path(""))
    watch.once()
    assert state(library)[0] == "online"


def test_a_survey_takes_a_small_share_of_the_time() -> None:
    assert pause_s(0.1) == 600
    assert pause_s(6) == 1200
    assert pause_s(3600) == 6 * 3600


def test_the_watch_freezes_by_the_thresholds_of_the_settings(library: Library) -> None:
    fill(library, 4)
    brake = mass_change.Thresholds(share=0.25, minimum=1)
    watch = Watch(library.database, HandClock(), brake)
    library.path("2003/d3/3.jpg").unlink()

    watch.once()

    assert state(library)[0] == "frozen"


def test_the_watch_goes_on_until_the_stop(library: Library) -> None:
    async def watched() -> str:
        clock, stop = HandClock(), process.Stop()
        pulse = heartbeat.Pulse("watch", clock)
        watch = StoppingWatch(library.database, clock, stop)
        await watch.run(pulse, stop)
        return pulse.last.task

    assert asyncio.run(watched()) == "Watching originals"


class StoppingWatch(Watch):
    """Asks for the stop once it has looked."""

    def __init__(self, database: Database, clock: HandClock, stop: process.Stop) -> None:
        super().__init__(database, clock)
        self._stop = stop

    @override
    def once(self) -> None:
        """Look, and stop."""
        super().once()
        self._stop.request("test")


def test_what_is_moved_while_it_is_looked_at_is_not_missing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(library, 20)
    page = surveying.page

    def page_then_move(session: orm.Session, root_id: UUID, after: str) -> list[Expected]:
        read = page(session, root_id, after)
        if not after:
            move_everything(library)
        return read

    monkeypatch.setattr(surveying, "page", page_then_move)

    look = survey(library)

    assert (look.vanished, look.changed) == (0, 0)
    assert state(library)[0] == "online"


def move_everything(library: Library) -> None:
    library.path("").joinpath("moved").mkdir()
    with library.database.transaction() as session:
        for row in session.scalars(sa.select(models.MediaAsset)):
            new = f"moved/{row.relative_path}"
            library.path(new).parent.mkdir(parents=True, exist_ok=True)
            library.path(str(row.relative_path)).rename(library.path(new))
            row.relative_path, row.path_key = new, new
