import json

from hypothesis import given
from hypothesis import strategies as st

from librarian.domain import facts

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-10, 10) | st.floats(-180, 180) | TEXT
TAGS = st.dictionaries(
    TEXT, st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner))
)
FACTS = st.builds(
    facts.Facts,
    media_type=st.sampled_from(["image", "video"]),
    mime_type=TEXT,
    width=st.none() | st.integers(1),
    orientation=st.none() | st.integers(1, 8),
    tags=TAGS,
    latitude_deg=st.none() | st.floats(-90, 90),
    problem=st.none() | TEXT,
    reader_version=st.integers(1, 9),
)


@given(FACTS)
def test_facts_survive_being_stored_as_json(value: facts.Facts) -> None:
    stored = json.loads(json.dumps(value.to_json()))

    assert facts.Facts.from_json(stored) == value


def test_keys_of_a_later_version_are_left_out() -> None:
    stored = facts.Facts("image", "image/jpeg").to_json() | {"novelty": 1}

    assert facts.Facts.from_json(stored) == facts.Facts("image", "image/jpeg")


@given(st.permutations(range(4)))
def test_companions_stand_in_one_order_whichever_came_first(order: list[int]) -> None:
    all_four = [
        facts.CompanionFacts("xmp", {"XMP:CreateDate": "2020-01-01"}),
        facts.CompanionFacts("xmp", {"XMP:CreateDate": "2021-01-01"}),
        facts.CompanionFacts("takeout", {}, 1.0, 2.0),
        facts.CompanionFacts("live_photo", {}, 3.0, 4.0),
    ]

    found = facts.merged(all_four[i] for i in [*order, *order])

    assert list(found) == all_four
