"""Memory and work of a scan do not grow with what is known, nor with what waits."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import factories
import memory
import postgres_cluster
import scanning
from factories import Factory
from shared.database import Database

MARGIN_MIB = 8.0


@pytest.fixture
def factory(database: Database) -> Iterator[Factory]:
    """Not in `tmp_path`, which is kept after the test."""
    memory.need_to_know()
    with tempfile.TemporaryDirectory(prefix="pf-many-", dir=postgres_cluster.fast_folder()) as name:
        yield factories.make(database, Path(name), "copy")


def test_a_scan_of_200_000_known_files_reads_none_and_needs_the_memory_of_20_000(
    factory: Factory,
) -> None:
    scanning.make_files(factory, range(20_000))
    scanning.make_known(factory)
    few = scanning.scan(factory, 1)
    factory.change("delete from files")
    scanning.make_files(factory, range(20_000, 200_000))
    known = scanning.make_known(factory)

    many = scanning.scan(factory, 1)

    sys.stdout.write(f"200,000 known files: {many.best_s:.1f} s, {many.peak_mib:.0f} MiB\n")
    assert known == 200_000
    assert (many.offered, many.waiting, many.files_opened) == (0, 0, 0)
    assert many.folders_opened >= 200
    assert many.peak_mib < few.peak_mib + MARGIN_MIB


def test_a_scan_of_60_000_waiting_files_needs_the_memory_of_6_000(factory: Factory) -> None:
    scanning.make_files(factory, range(6_000))
    few = scanning.scan(factory, 2)
    scanning.make_files(factory, range(6_000, 60_000))

    many = scanning.scan(factory, 2)

    sys.stdout.write(f"60,000 waiting files: {many.best_s:.1f} s, {many.peak_mib:.0f} MiB\n")
    assert (few.waiting, many.waiting) == (6_000, 60_000)
    assert few.offered > 0
    assert many.offered > 0
    assert many.peak_mib < few.peak_mib + MARGIN_MIB
