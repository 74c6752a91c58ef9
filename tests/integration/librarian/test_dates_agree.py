"""Reader and dating rules against an independent reader, on real files."""

import pytest

import agreement
from samples import Samples


@pytest.fixture(scope="module")
def measured(samples: Samples) -> agreement.Agreement:
    return agreement.measure(samples)


@pytest.mark.parametrize("what", ["local", "offset", "position"])
def test_the_samples_are_dated_and_placed_as_the_reference_says(
    measured: agreement.Agreement, what: str
) -> None:
    assert measured.compared[what] > 0
    assert measured.share(what) >= 0.995, measured.differences


def test_only_impossible_dates_are_refused(measured: agreement.Agreement) -> None:
    refused = [one for one in measured.differences if one.rejected_as is not None]

    assert len(refused) <= measured.compared["local"] // 50, refused
