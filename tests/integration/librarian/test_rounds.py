"""One bad inbox, file or job never stops the others."""

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

import factories
import photos
from factories import Factory
from hand_clock import GoingOn, HandClock
from librarian import inbox, loops
from librarian.arrivals import Found
from librarian.desk import Desk
from librarian.repository import occurrences
from shared import jobs, models
from shared.database import Database


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(database: Database, tmp_path: Path, clock: HandClock) -> Iterator[tuple[Factory, Desk]]:
    factory = factories.make(database, tmp_path)
    with factory.filer() as filer:
        yield factory, Desk(database, filer, clock, filer.means.owner.id, GoingOn())


class Broken:
    """A worker with a bug."""

    def __init__(self, job: models.Job, _desk: Desk) -> None:
        self.job_id = job.id

    def visit(self) -> bool:
        raise RuntimeError("a bug")


@pytest.mark.parametrize(
    ("params", "expected"),
    [({}, "parameters make no sense"), ({"paths": [], "mode": "copy"}, "RuntimeError: a bug")],
)
def test_a_job_that_cannot_go_on_ends_with_the_reason_and_the_inbox_is_visited(
    desk: tuple[Factory, Desk],
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
    params: dict[str, object],
    expected: str,
) -> None:
    factory, at = desk
    factory.drop("a.jpg", photos.jpeg(None))
    if params:
        monkeypatch.setattr(loops, "WORKERS", MappingProxyType({"ingest": Broken}))
    now = at.clock.now()
    job_id = at.database.run(lambda session: jobs.request(session, "ingest", params, now=now))
    rounds = loops.Rounds(at)

    try:
        for _ in range(3):
            rounds.once()
            clock.pass_by(15)
    finally:
        rounds.close()

    with at.database.read() as session:
        job = session.get_one(models.Job, job_id)
    assert job.state == "failed"
    assert expected in (job.error or "")
    assert len(factory.names()) == 1


def test_a_file_that_the_ledger_refuses_is_left_out_alone(desk: tuple[Factory, Desk]) -> None:
    factory, at = desk
    asking = occurrences.Asking(factory.source(), "copy", at.owner, at.clock.now())
    good = Found(b"good.jpg", size=1, mtime_ns=1, inode=1, ctime_ns=1)
    bad = Found(b"bad.jpg", size=2**70, mtime_ns=1, inode=2, ctime_ns=1)

    with asking.source.opened() as source_fd:
        claimed = inbox.claim(at, asking, [good, bad], source_fd)

    assert [each.found for each in claimed] == [good]
