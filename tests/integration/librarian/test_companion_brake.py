"""Companions that come late may not give many photos of earlier deliveries another date."""

import uuid
from collections.abc import Iterable
from pathlib import Path

import pytest

import factories
import redates
from factories import Factory
from librarian.redating import brake
from librarian.repository import braking
from shared import jobs
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import roots
from shared.disk.mass_change import Thresholds
from shared.errors import DependencyError

ALL = range(6)
BRAKE = Thresholds(share=0.5, minimum=3)
TOLD = "2018-03-04T05:06:07"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    f' xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:DateTimeOriginal="{TOLD}"/>'
    "</rdf:RDF></x:xmpmeta>"
).encode()


@pytest.fixture
def factory(database: Database, tmp_path: Path) -> Factory:
    made = factories.make(database, tmp_path)
    redates.set_zone(made, "Europe/Vienna")
    redates.fill(made, len(ALL))
    return made


def a_day_passes(factory: Factory) -> None:
    """What was delivered belongs to an earlier delivery from now on."""
    factory.change("update asset_dates set arrived_at = arrived_at - interval '25 hours'")
    factory.change("update event_log set time = time - interval '25 hours'")


def tell(factory: Factory, numbers: Iterable[int]) -> None:
    """Sidecars come for these photos."""
    for number in numbers:
        factory.drop(f"{number}.jpg.xmp", XMP + b"\n" * number)
    with factory.filer(brake=BRAKE) as filer:
        factory.file(filer)


def told(factory: Factory) -> set[str]:
    """The photos that have the date that sidecars tell."""
    query = "select original_name from media_assets where captured_local = :told"
    return {row.original_name for row in factory.rows(query, told=TOLD)}


def frozen_reason(factory: Factory) -> str | None:
    [root] = factory.rows("select state_reason from roots where kind = 'originals'")
    return str(root.state_reason) if root.state_reason else None


def answer(factory: Factory, *, is_accepted: bool) -> uuid.UUID:
    """A person has seen the job that is held, and the root is thawed."""
    now = SystemClock().now()
    with factory.database.transaction() as session:
        [root] = roots.find(session, "originals")
        [job] = braking.held(session, root.id)
        if is_accepted:
            brake.accept(session, job, now)
        else:
            jobs.cancel(session, job.id, now=now)
        roots.thaw(session, root.id)
    return job.id


def test_sidecars_of_the_same_delivery_may_date_every_photo(factory: Factory) -> None:
    tell(factory, ALL)

    assert len(told(factory)) == len(ALL)
    assert frozen_reason(factory) is None


def test_a_flood_on_old_photos_changes_none_and_freezes(factory: Factory) -> None:
    a_day_passes(factory)

    tell(factory, ALL)

    assert told(factory) == set()
    assert str(frozen_reason(factory)).startswith("6 of 6 known files would")
    assert factory.found() == []  # the sidecars themselves are filed beside their photos
    assert len([name for name in factory.names() if name.endswith(".xmp")]) == len(ALL)
    with pytest.raises(DependencyError, match="frozen"):
        tell(factory, ALL)


def test_a_flood_in_small_parts_is_stopped_before_it_is_too_much(factory: Factory) -> None:
    a_day_passes(factory)

    tell(factory, [0])
    tell(factory, [1])
    assert frozen_reason(factory) is None
    tell(factory, [2])

    assert told(factory) == {"0.jpg", "1.jpg"}
    assert str(frozen_reason(factory)).startswith("3 of 6 known files would")
    with factory.database.read() as session:
        [root] = roots.find(session, "originals")
        [job] = braking.held(session, root.id)
        done = braking.examples(session, root.id, job.created_at, 10)
    assert {each.relative_path.rpartition("/")[2] for each in done} == {"0.jpg", "1.jpg"}
    assert {f"{each.after:%Y-%m-%d}" for each in done} == {"2018-03-04"}


def test_what_came_a_day_earlier_is_another_delivery(factory: Factory) -> None:
    for number in ALL:
        a_day_passes(factory)
        tell(factory, [number])

    assert len(told(factory)) == len(ALL)
    assert frozen_reason(factory) is None


def test_accepted_it_goes_on_counting_begins_anew_and_it_can_be_undone(factory: Factory) -> None:
    a_day_passes(factory)
    tell(factory, [0, 1, 2])
    assert told(factory) == set()

    job_id = answer(factory, is_accepted=True)
    redates.work(factory, BRAKE)
    assert told(factory) == {"0.jpg", "1.jpg", "2.jpg"}

    tell(factory, [3, 4])
    assert told(factory) == {"0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg"}
    assert frozen_reason(factory) is None

    redates.undo(factory, job_id)
    redates.work(factory)
    assert told(factory) == {"3.jpg", "4.jpg"}


def test_cancelled_the_photos_keep_their_dates_and_a_redate_can_bring_the_others(
    factory: Factory,
) -> None:
    a_day_passes(factory)
    tell(factory, ALL)

    answer(factory, is_accepted=False)

    assert redates.work(factory, BRAKE) == 0
    tell(factory, [])
    assert (told(factory), frozen_reason(factory)) == (set(), None)
    assert len(redates.preview(factory).changes) == len(ALL)
