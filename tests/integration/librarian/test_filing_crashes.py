"""A librarian dies at every instant of filing; the next one loses nothing and doubles nothing."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import factories
import photos
import waiting
from factories import Factory
from librarian import recording, records
from librarian.repository import filings
from shared import errors, faults
from shared.clock import SystemClock
from shared.database import Database

ROOT = Path(factories.__file__).parent.parent
SOURCES = [*(ROOT / "services/librarian").glob("*.py"), ROOT / "libs/shared/disk/publish.py"]
RECOVERING = {"recovery.taken_over", "recovery.hash"}
HEALING = {"heal.aside"}
RECORDS = {"records.read", "records.aside"}
NEVER_HERE = {"publish.rename", "publish.reserved", "stage.read_again"}
NEVER_HERE |= RECOVERING | HEALING | RECORDS
POINTS = sorted(
    {
        name
        for source in SOURCES
        for name in re.findall(r'faults\.point\("([\w.]+)"\)', source.read_text())
    }
    - NEVER_HERE
)
FIRST = photos.jpeg(taken="2019:07:14 10:00:00", seed=1)
SIDECAR = b'<?xml version="1.0"?><plist version="1.0"><dict/></plist>'
SECOND = photos.jpeg(taken="2019:07:14 11:00:00", seed=2)


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    return factories.make(database, tmp_path)


def drop_all(factory: Factory) -> None:
    """A photo, its sidecar, the same photo again, and another one of the same name."""
    factory.drop("x/a.jpg", FIRST)
    factory.drop("x/a.aae", SIDECAR)
    factory.drop("x/b.jpg", FIRST)
    factory.drop("y/a.jpg", SECOND)


def run_child(factory: Factory, fault: str) -> int:
    """File one round in a process of its own; its exit status."""
    url = factory.database.url
    arguments = [url, str(factory.inbox.parent), str(factory.source_id), fault]
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.run(
        [sys.executable, "-m", "filing_child", *arguments],
        env={"PYTHONPATH": paths, "PATH": os.defpath},
        check=False,
        stdout=subprocess.DEVNULL,
        timeout=60,
    ).returncode


def file_until_settled(factory: Factory) -> None:
    """Go on like the next librarian: until nothing is in progress and everything decided."""

    def is_settled() -> bool:
        factory.file()
        undecided = factory.rows("select id from files where outcome is null")
        return not undecided and not factory.rows("select id from filings") and not factory.found()

    waiting.until(is_settled, what="everything is decided")


def assert_nothing_lost(factory: Factory) -> None:
    day = factory.originals / "2019/2019-07-14"
    found = {path.name: path.read_bytes() for path in day.iterdir() if path.name[0] != "."}
    assert len(factory.names()) == len(found) == 3
    assert sorted(found.values()) == sorted([FIRST, SECOND, SIDECAR])
    assert factory.rows("select original_name, relative_path from asset_links") in (
        [("a.aae", "2019/2019-07-14/a.jpg.aae")],
        [("a.aae", "2019/2019-07-14/a_1.jpg.aae")],
    )
    assert len(factory.rows("select id from media_assets")) == 2
    assert factory.events("media.asset.ingested") == 2
    assert sorted(map(str, factory.outcomes().values())) == [
        "companion",
        "duplicate",
        "filed",
        "filed",
    ]
    assert not [path for path in factory.inbox.rglob("*") if path.is_file()]
    assert list((factory.originals / ".photofactory/tmp").iterdir()) == []


# Not the first time that a batch comes by: its photos are safe then, the sidecar is under way.
LATER = [
    "publish.named:kill:3",
    "filing.published:kill:2",
    "filing.record_line:kill:2",
    "filing.recorded:kill:2",
    "remove.aside:kill:2",
]


@pytest.mark.parametrize("fault", [*(f"{point}:kill" for point in POINTS), *LATER])
def test_killed_at_any_instant_it_loses_nothing(factory: Factory, fault: str) -> None:
    drop_all(factory)

    status = run_child(factory, fault)

    assert status == -signal.SIGKILL
    file_until_settled(factory)
    assert_nothing_lost(factory)


@pytest.mark.parametrize("point", sorted(RECOVERING))
def test_killed_while_it_recovers_it_loses_nothing(factory: Factory, point: str) -> None:
    drop_all(factory)

    assert run_child(factory, "filing.published:kill") == -signal.SIGKILL
    waiting.until(
        lambda: run_child(factory, f"{point}:kill") == -signal.SIGKILL,
        what="the first owner is known to be dead",
    )

    file_until_settled(factory)
    assert_nothing_lost(factory)


@pytest.mark.parametrize("point", [*sorted(HEALING), "publish.named", "filing.record_line"])
def test_killed_while_an_arrival_heals_its_original_it_loses_nothing(
    factory: Factory, point: str
) -> None:
    drop_all(factory)
    file_until_settled(factory)
    (factory.originals / "2019/2019-07-14/a.jpg").write_bytes(b"rotten")
    factory.drop("again/a.jpg", FIRST)
    factory.drop("again/b.jpg", SECOND)

    assert run_child(factory, f"{point}:kill") == -signal.SIGKILL

    waiting.until(
        lambda: not factory.file() and not factory.found(), what="the next librarian takes both"
    )
    day = factory.originals / "2019/2019-07-14"
    assert {path.read_bytes() for path in day.glob("*.jpg")} == {FIRST, SECOND}
    [aside] = (factory.originals / ".photofactory/damaged").iterdir()
    assert aside.read_bytes() == b"rotten"
    assert list((factory.originals / ".photofactory/tmp").iterdir()) == []


def test_killed_while_it_begins_a_record_anew_the_next_one_tells_of_all(factory: Factory) -> None:
    factory.drop("a.jpg", FIRST)
    file_until_settled(factory)
    factory.drop("b.jpg", SECOND)

    status = run_child(factory, "filing.record_line:eio,records.aside:kill")

    assert status == -signal.SIGKILL
    day = factory.originals / "2019/2019-07-14"
    assert not (day / ".photofactory.jsonl").exists()
    file_until_settled(factory)
    told = records.parse((day / ".photofactory.jsonl").read_bytes().splitlines())
    assert {record.name for record in told} == {"a.jpg", "b.jpg"}


@pytest.mark.parametrize("point", ["copy.write", "filing.fsync", "publish.link", "publish.named"])
@pytest.mark.parametrize("error", ["enospc", "eio"])
def test_a_disk_that_fails_delays_filing_and_loses_nothing(
    factory: Factory, point: str, error: str
) -> None:
    drop_all(factory)

    faults.arm(f"{point}:{error}")
    try:
        with pytest.raises(errors.DependencyError):
            factory.file()
    finally:
        faults.arm("")

    file_until_settled(factory)
    assert_nothing_lost(factory)


def test_where_links_do_not_work_it_renames_without_replacing(factory: Factory) -> None:
    drop_all(factory)

    faults.arm("publish.link:exdev:0")
    try:
        factory.file()
    finally:
        faults.arm("")

    file_until_settled(factory)
    assert_nothing_lost(factory)


def test_an_owner_that_was_taken_for_dead_records_nothing_any_more(factory: Factory) -> None:
    drop_all(factory)
    with factory.filer() as zombie:
        faults.arm("filing.published:eio")
        try:
            with pytest.raises(errors.DependencyError, match="fault"):
                factory.file(zombie)
        finally:
            faults.arm("")
        with factory.database.read() as session:
            stale = filings.unfinished(session)
        zombie.means.owner.close()

        file_until_settled(factory)

        assert recording.record(factory.database, stale, SystemClock().now()) == ([], [])
    assert_nothing_lost(factory)
