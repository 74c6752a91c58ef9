import json
import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from librarian.domain import clean, facts

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.fractions()
    | st.text(st.characters(), max_size=9)
    | st.binary(max_size=9)
    | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(), max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(), max_size=4), ANYTHING, max_size=4))
def test_whatever_a_file_says_becomes_json_that_postgresql_takes(values: dict[str, object]) -> None:
    cleaned = clean.tags(values)

    stored = json.dumps(cleaned, ensure_ascii=False, allow_nan=False)
    assert json.loads(stored.encode()) == cleaned
    assert "\\u0000" not in stored


def test_clean_values_stay_as_they_are() -> None:
    values: dict[str, facts.JSON] = {"a": "2019:07:14 ß ü📷", "b": [1, 2.5, None], "c": {"d": True}}

    assert clean.tags(values) == values


def test_what_has_no_value_becomes_none() -> None:
    assert clean.value([math.nan, math.inf, 2**70]) == [None, None, None]


def test_a_rational_becomes_a_float() -> None:
    assert clean.value(Fraction(1, 4)) == 0.25


def test_nul_and_surrogates_are_removed() -> None:
    assert clean.text("a\0b\ud800c") == "ab\ufffdc"


def test_an_enormous_value_is_replaced_by_its_length_and_hash() -> None:
    cleaned = clean.tags({"note": "x" * 70_000})["note"]

    assert isinstance(cleaned, dict)
    assert cleaned["omitted_bytes"] == 70_002
    assert isinstance(cleaned["sha256"], str)


def test_a_bottomless_value_ends() -> None:
    bottomless: list[object] = []
    bottomless.append(bottomless)

    assert json.dumps(clean.value(bottomless))


def test_all_tags_of_a_file_have_an_upper_limit() -> None:
    cleaned = clean.tags({f"XMP:T{number}": "x" * 60_000 for number in range(100)})

    assert len(json.dumps(cleaned)) < clean.MAX_TAGS_BYTES + 20_000
    assert cleaned["XMP:T0"] == "x" * 60_000
    assert cleaned["XMP:T99"]["omitted_bytes"] == 60_002  # type: ignore[index,call-overload]
