import pytest

from dashboard import words


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "?"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (4_200_000, "4.2 MB"),
        (3_000_000_000_000, "3.0 TB"), (5_000_000_000_000_000, "5000.0 TB"),
    ],
)  # fmt: skip
def test_sizes_have_fitting_units(count: int | None, text: str) -> None:
    assert words.size(count) == text


@pytest.mark.parametrize(
    ("minutes", "text"), [(None, ""), (0, " +00:00"), (120, " +02:00"), (-210, " -03:30")]
)
def test_offsets_are_written_as_in_exif(minutes: int | None, text: str) -> None:
    assert words.offset(minutes) == text


def test_an_event_is_summed_up_by_its_simple_values() -> None:
    data: dict[str, object] = {"asset_id": "x", "revision": 2, "job_id": None, "links": []}

    assert words.summary(data) == "revision=2"
