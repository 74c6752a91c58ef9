"""The brake needs a share and a number."""

import pytest

from shared.disk.mass_change import Counts, Thresholds, reason_to_freeze

THRESHOLDS = Thresholds(share=0.2, minimum=20)


@pytest.mark.parametrize(
    "counts",
    [
        Counts(known=0),
        Counts(known=1000),
        Counts(known=19, vanished=19),
        Counts(known=1000, vanished=199),
        Counts(known=1000, vanished=60, changed=60, redated=79),
    ],
)
def test_few_or_a_small_share_of_changes_are_usual(counts: Counts) -> None:
    assert reason_to_freeze(counts, THRESHOLDS) is None


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (Counts(known=20, vanished=20), "20 of 20 known files vanished"),
        (Counts(known=1000, redated=200), "200 of 1000 known files would get another date"),
        (
            Counts(known=1000, vanished=100, changed=100),
            "100 of 1000 known files vanished, 100 changed",
        ),
    ],
)
def test_many_and_a_large_share_freeze(counts: Counts, reason: str) -> None:
    assert reason_to_freeze(counts, THRESHOLDS) == reason
