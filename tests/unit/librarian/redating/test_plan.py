"""What changes is named by its kind; what a person set is kept."""

import dataclasses
import datetime
import uuid
from typing import Any

import pytest

from librarian.domain.facts import Facts
from librarian.redating import decisions, plan, settling
from librarian.redating.decisions import Decision, New, Stored
from librarian.redating.overrides import ClockFix
from librarian.redating.plan import How

ARRIVED = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
HOW = How("Europe/Vienna", uuid.uuid4())
TAGS = {"EXIF:DateTimeOriginal": "2019:07:14 10:00:00", "EXIF:CreateDate": "2019:07:14 10:00:00"}
SHIFT = How("Europe/Vienna", uuid.uuid4(), ClockFix(datetime.timedelta(hours=15)), is_moving=True)


def stored(**values: Any) -> Stored:  # noqa: ANN401  any field
    """A photo that is decided as today's rules do."""
    plain = Stored(
        asset_id=uuid.uuid4(),
        revision=1,
        root_id=uuid.uuid4(),
        relative_path="2019/2019-07-14/a.jpg",
        name="a.jpg",
        received="a.jpg",
        received_name=b"a.jpg",
        decision=None,  # type: ignore[arg-type]  # filled below
        override=None,
        facts=Facts("image", "image/jpeg", tags=TAGS),
        companions=(),
        mtime_ns=None,
        arrived_at=ARRIVED,
    )
    decision = Decision.of(decisions.decide(plain, HOW.default_zone, None))
    return dataclasses.replace(plain, **{"decision": decision, **values})


def with_decision(**values: Any) -> Stored:  # noqa: ANN401  any field
    return stored(decision=dataclasses.replace(stored().decision, **values))


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({"captured_local": None, "captured_at": None}, ("found",)),
        ({"captured_local": datetime.datetime.fromisoformat("2019-07-13T10:00")}, ("day",)),
        ({"captured_local": datetime.datetime.fromisoformat("2019-07-14T11:00")}, ("time",)),
        ({"utc_offset_minutes": 60}, ("zone",)),
        ({"offset_source": "none"}, ("zone",)),
        ({"source": "File:FileModifyDate", "confidence": "low"}, ("source", "confidence")),
        ({"suspicious": True}, ("doubts",)),
    ],
)
def test_a_change_is_named_by_its_kinds(values: dict[str, Any], kinds: tuple[str, ...]) -> None:
    change = plan.look(with_decision(**values), HOW).change

    assert change is not None
    assert change.kinds == kinds
    assert plan.counts([change, change]) == dict.fromkeys(kinds, 2)


def test_a_partner_stands_beside_its_picture_whatever_its_date() -> None:
    partner = stored(root_id=uuid.uuid4(), relative_path="2001/2001-01-01/a.mov", is_partner=True)

    assert plan.look(partner, dataclasses.replace(HOW, is_moving=True)) == plan.Look(None)


def test_a_photo_as_the_rules_have_it_does_not_change() -> None:
    assert plan.look(stored(), HOW) == plan.Look(None)


def test_a_photo_in_another_folder_is_named_and_moves_only_when_asked() -> None:
    elsewhere = stored(relative_path="2001/2001-01-01/a.jpg")

    staying = plan.look(elsewhere, HOW)
    moving = plan.look(elsewhere, dataclasses.replace(HOW, is_moving=True))

    assert (staying.change, staying.is_misplaced) == (None, True)
    assert moving.change is not None
    assert (moving.change.kinds, moving.change.folder) == (("folder",), "2019/2019-07-14")
    assert not moving.is_misplaced


def test_an_undated_photo_belongs_to_the_day_it_arrived() -> None:
    undated = stored(facts=Facts("image", "image/jpeg"), relative_path="2024/2024-01-01/a.jpg")
    undated = dataclasses.replace(
        undated, decision=Decision.of(decisions.decide(undated, HOW.default_zone, None))
    )

    assert plan.look(undated, dataclasses.replace(HOW, is_moving=True)) == plan.Look(None)


def test_what_a_person_set_is_kept() -> None:
    photo = dataclasses.replace(with_decision(source="manual"), override={"kind": "manual"})

    assert plan.look(photo, SHIFT) == plan.Look(None, is_kept=True)


def test_a_fix_of_a_clock_is_stored_with_its_job_and_stays_without_effect_elsewhere() -> None:
    fixed = plan.look(stored(), SHIFT).change
    by_name = stored(facts=Facts("image", "image/jpeg"), received="IMG_20190714_100000.jpg")

    assert fixed is not None
    assert fixed.folder == "2019/2019-07-15"
    assert fixed.override_after is not None
    assert fixed.override_after["job"] == str(SHIFT.job_id)
    assert plan.look(by_name, dataclasses.replace(SHIFT, is_moving=False)) == plan.Look(
        None, is_of_other_clock=True
    )


def test_only_what_was_seen_is_written() -> None:
    old = with_decision(confidence="low")
    change = plan.look(old, HOW).change
    assert change is not None
    before = {"decision": change.before.to_json(), "override": None}
    after = {"decision": change.after.to_json(), "override": None}

    written = settling.settle(before, after, old, "Europe/Vienna")

    assert isinstance(written, New)
    assert written.decision == change.after
    assert written.dates["override"] is None
    assert settling.settle(before, after, stored(), "Europe/Vienna") is None
    assert settling.settle(before, after, old, "Asia/Tokyo") == settling.RULES_CHANGED
    other = with_decision(confidence="medium")
    assert settling.settle(before, after, other, "Europe/Vienna") == settling.CHANGED
