import pytest

from shared.transport import relay
from shared.transport.publisher import Broker

TOPICS = ("one", "two")


@pytest.mark.parametrize(
    ("fed", "offsets", "ends", "lost"),
    [
        (None, {}, {}, set()),
        ("a", {("one", 0): 9, ("two", 0): -1}, {("one", 0): 10, ("two", 0): 0}, set()),
        ("a", {("one", 0): 9}, {("one", 0): 99}, set()),
        ("a", {("one", 0): 9, ("two", 0): 4}, {("one", 0): 9, ("two", 0): 5}, {"one"}),
        ("a", {("one", 0): 9, ("one", 1): 4}, {("one", 0): 10}, {"one"}),
        ("b", {("one", 0): 9}, {("one", 0): 10}, {"one", "two"}),
    ],
    ids=[
        "nothing was published yet",
        "everything is there",
        "others wrote too",
        "a log is shorter",
        "a partition is gone",
        "another cluster",
    ],
)
def test_what_the_broker_lost_is_published_again(
    fed: str | None,
    offsets: dict[tuple[str, int], int],
    ends: dict[tuple[str, int], int],
    lost: set[str],
) -> None:
    assert relay.lost_topics(Broker("a", ends), fed, offsets, TOPICS) == lost
