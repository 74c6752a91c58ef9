"""20,000 files at once: every one is handled, the first at once, in the memory of a few."""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import bulk_photos
import factories
import memory
import postgres_cluster
from factories import Factory
from librarian import inbox
from running_librarian import RunningLibrarian
from shared.database import Database
from waiting import until

PHOTOS = 19_000
DUPLICATES = 600
EMPTY = 200
NO_PICTURES = 200
A_FEW = 1_000
LIMIT_S = 1_800.0
"""For a machine under heavy load; an idle one needs two minutes."""
MARGIN_MIB = 16.0


@pytest.fixture
def factory(database: Database) -> Iterator[Factory]:
    """Not in `tmp_path`, which is kept after the test."""
    memory.need_to_know()
    with tempfile.TemporaryDirectory(prefix="pf-drop-", dir=postgres_cluster.fast_folder()) as name:
        yield factories.make(database, Path(name))


def make_drop(folder: Path) -> Counter[str]:
    """Write 20,000 files of every fate; how many of them should end how."""
    bulk_photos.write(folder, PHOTOS)
    some = sorted(folder.rglob("*.jpg"))[:: PHOTOS // DUPLICATES][:DUPLICATES]
    (folder / "again").mkdir()
    for path in some:
        (folder / "again" / path.name).write_bytes(path.read_bytes())
    (folder / "other").mkdir()
    for number in range(EMPTY):
        (folder / f"other/{number}.jpg").touch()
    for number in range(NO_PICTURES):
        (folder / f"other/{number}.txt").write_text(f"note {number}")
    return Counter(filed=PHOTOS, duplicate=DUPLICATES, quarantined=EMPTY + NO_PICTURES)


def counted(factory: Factory) -> Counter[str | None]:
    """How many files have which outcome."""
    rows = factory.rows("select outcome, count(*) as n from files group by outcome")
    return Counter({row.outcome: row.n for row in rows})


def is_done(factory: Factory, files: int) -> bool:
    """Whether so many have an outcome, and those that may go are gone."""
    [row] = factory.rows(
        "select count(outcome) as n, count(*) filter (where source_removed_at is null"
        " and outcome in ('filed', 'duplicate')) as here from files"
    )
    return bool(row.n == files and row.here == 0)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.timeout(2 * LIMIT_S)
def test_20_000_files_dropped_at_once_are_all_handled_in_the_memory_of_1_000(
    factory: Factory, tmp_path: Path
) -> None:
    base = factory.inbox.parent
    bulk_photos.write(base / "few", A_FEW, first=PHOTOS)
    expected = make_drop(base / "many")
    found = len(files_in(base / "many"))

    with RunningLibrarian(factory, tmp_path) as librarian:
        (base / "few").rename(factory.inbox / "few")
        until(lambda: not (factory.inbox / "few").exists(), within_s=LIMIT_S, every_s=0.2)
        before = counted(factory)
        for_few_mib = memory.peak_mib(librarian.pid)

        (base / "many").rename(factory.inbox / "many")
        began = time.monotonic()
        until(
            lambda: is_done(factory, A_FEW + found),
            within_s=LIMIT_S,
            what="every file has its outcome",
            every_s=0.5,
        )
        took_s = time.monotonic() - began
        left = {path.parent.name for path in files_in(factory.inbox)}
        for_all_mib = memory.peak_mib(librarian.pid)

    sys.stdout.write(
        f"{found} files: {found / took_s:.0f}/s, {for_few_mib:.0f}, {for_all_mib:.0f} MiB\n"
    )
    assert before == Counter(filed=A_FEW)
    assert found == 20_000 == expected.total()
    assert counted(factory) - before == expected
    assert len(factory.names()) == A_FEW + PHOTOS
    assert left == {"other"}
    assert for_all_mib < for_few_mib + MARGIN_MIB
    [early] = factory.rows(
        "select count(*) as claimed from files where display_path like 'many/%' and first_seen_at <"
        " (select min(created_at) from media_assets where original_path like '%/many/%')"
    )
    assert early.claimed <= inbox.FILING_BATCH
