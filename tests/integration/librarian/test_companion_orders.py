"""Whatever order photos and their companions arrive in, the ledger ends the same."""

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import factories
import redates
from factories import Factory
from librarian.domain import companions
from samples import Samples
from shared.database import Database

FOLDERS = ("sidecar", "takeout")
MTIME_NS = 1_700_000_000 * 10**9


def arrivals(samples: Samples) -> list[Path]:
    """Every sample of these folders, relative to the samples."""
    found = (path for folder in FOLDERS for path in (samples.folder / folder).rglob("*"))
    return sorted(path.relative_to(samples.folder) for path in found if path.is_file())


def in_batches(paths: Sequence[Path], seed: int) -> list[list[Path]]:
    """The paths in an order and in batches that the seed makes up."""
    chance = random.Random(seed)  # noqa: S311  no secret
    left = chance.sample(paths, len(paths))
    batches = []
    while left:
        size = chance.choice((1, 5, 40))
        batches.append(left[:size])
        left = left[size:]
    return batches


def file(factory: Factory, samples: Samples, batches: Sequence[Sequence[Path]]) -> None:
    with factory.filer() as filer:
        for batch in batches:
            for path in batch:
                dropped = factory.drop(str(path), (samples.folder / path).read_bytes())
                os.utime(dropped, ns=(MTIME_NS, MTIME_NS))
            factory.file(filer)
        while any(outcome.outcome for outcome in factory.file(filer)):
            pass  # what a batch has woken has its turn in the next one, without a pause


def decisions(factory: Factory) -> list[Any]:
    """Dates and positions of all photos, by their contents."""
    return factory.rows(
        "select a.file_hash, a.captured_local, a.captured_at, a.utc_offset_minutes,"
        " a.captured_at_source, a.date_confidence, d.conflict, d.suspicious, l.latitude,"
        " l.longitude from media_assets a join asset_dates d on d.asset_id = a.id"
        " left join asset_effective_location l on l.asset_id = a.id order by a.file_hash"
    )


def sidecars(factory: Factory) -> set[Any]:
    """The contents that are filed as sidecars."""
    return {(row.kind, row.file_hash) for row in factory.rows(SIDECARS)}


def waiting(factory: Factory) -> list[Any]:
    """What is left in the inbox, and why."""
    return factory.rows(
        "select display_path, reason, detail from files"
        " where superseded_at is null and outcome is null order by 1"
    )


SIDECARS = """
    select l.kind, l.file_hash, l.original_name, l.relative_path, a.relative_path as photo,
      array_agg(f.original_name) as names
    from asset_links l join media_assets a on a.id = l.asset_id
    join files f on f.asset_id = a.id and f.outcome in ('filed', 'duplicate')
    where l.file_hash is not null group by l.id, a.id
"""


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """What the first order came to; the others are compared with it."""
    return {}


@pytest.mark.parametrize("seed", range(5))
def test_photos_and_companions_come_to_the_same_in_any_order_and_any_batches(
    database: Database, tmp_path: Path, samples: Samples, seed: int, expected: dict[str, Any]
) -> None:
    factory = factories.make(database, tmp_path)

    file(factory, samples, in_batches(arrivals(samples), seed))

    found = {each.__name__: each(factory) for each in (decisions, sidecars, waiting)}
    assert found == (expected or found)
    expected.update(found)
    assert redates.preview(factory).changes == []
    for row in factory.rows(SIDECARS):
        assert row.relative_path.startswith(row.photo)
        assert any(companions.match(row.original_name, [name]) for name in row.names)
