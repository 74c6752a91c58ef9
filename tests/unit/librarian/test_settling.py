import uuid
from dataclasses import replace

import pytest

from librarian.arrivals import CHANGED, WAITING_FOR_PHOTO, Found, Outcome
from librarian.settling import LIMIT, Settling

FILE = Found(b"a.jpg", size=10, mtime_ns=1, inode=2, ctime_ns=3)


def decided(files: list[Found], reason: str | None = None) -> list[Outcome]:
    return [Outcome(uuid.uuid4(), each.path, None if reason else "filed", reason) for each in files]


def look(settling: Settling, file: Found, at: float) -> list[Found]:
    settling.begin()
    settling.observe([file], at)
    settling.end()
    complete = settling.ready(9, 1_000)
    settling.tried(complete, decided(complete))
    return complete


def test_a_file_is_complete_at_the_second_equal_look_after_five_quiet_seconds() -> None:
    settling = Settling()

    assert look(settling, FILE, 0.0) == []
    assert look(settling, FILE, 4.9) == []
    assert look(settling, FILE, 5.0) == [FILE]


def test_growth_starts_the_quiet_time_again() -> None:
    settling = Settling()
    grown = replace(FILE, size=20)

    look(settling, FILE, 0.0)

    assert look(settling, grown, 5.0) == []
    assert look(settling, grown, 9.9) == []
    assert look(settling, grown, 10.0) == [grown]


def test_a_rewrite_that_restores_size_and_mtime_is_seen_by_its_ctime() -> None:
    settling = Settling()
    rewritten = replace(FILE, ctime_ns=99)

    look(settling, FILE, 0.0)

    assert look(settling, rewritten, 6.0) == []
    assert look(settling, rewritten, 11.0) == [rewritten]


def test_a_file_that_a_scan_does_not_meet_is_forgotten() -> None:
    settling = Settling()
    look(settling, FILE, 0.0)

    settling.begin()
    settling.end()

    assert settling.due_in_s(0.0) is None
    assert look(settling, FILE, 5.0) == []


def test_the_next_look_is_due_when_the_first_file_can_be_complete() -> None:
    settling = Settling()
    look(settling, FILE, 10.0)

    assert settling.due_in_s(12.0) == 3.0


@pytest.mark.parametrize(
    ("reason", "complete_again_at"), [(CHANGED, 11.0), (WAITING_FOR_PHOTO, 6.0)]
)
def test_a_file_that_changed_while_it_was_read_is_quiet_anew_and_another_is_not(
    reason: str, complete_again_at: float
) -> None:
    settling = Settling()
    settling.observe([FILE], 0.0)
    settling.observe([FILE], 5.0)

    settling.tried([FILE], decided([FILE], reason))
    at_once = settling.ready(9, 1_000)
    turns = [at for at in (6.0, 10.9, 11.0) if look(settling, FILE, at)]

    assert at_once == []
    assert turns[0] == complete_again_at


def test_a_complete_file_that_changes_before_its_turn_is_not_complete_any_more() -> None:
    settling = Settling()
    settling.observe([FILE], 0.0)
    settling.observe([FILE], 5.0)

    settling.observe([replace(FILE, size=20)], 6.0)

    assert settling.ready(9, 1_000) == []


def test_a_complete_file_waits_for_its_turn_however_often_it_is_met() -> None:
    settling = Settling()

    for at in (0.0, 5.0, 6.0):
        settling.begin()
        settling.observe([FILE], at)
        settling.end()

    assert settling.ready(9, 1_000) == [FILE]


def test_a_drop_of_any_size_is_held_in_parts_and_all_of_it_gets_its_turn() -> None:
    settling = Settling()
    drop = [replace(FILE, path=b"%d.jpg" % number) for number in range(2 * LIMIT + 1)]
    done: list[Found] = []
    at = 0.0

    while len(done) < len(drop):
        left = drop[len(done) :]
        settling.begin()
        settling.observe(left, at)
        settling.end()
        assert settling.seen == len(left)
        turn = settling.ready(LIMIT + 1, 1 << 30)
        assert len(turn) in {0, min(len(left), LIMIT)}
        settling.tried(turn, decided(turn))
        done += turn
        at += 5.0

    assert done == drop
    assert settling.due_in_s(at) is None


def test_a_scan_is_worth_it_as_soon_as_filing_makes_room_for_what_was_left_out() -> None:
    settling = Settling()
    drop = [replace(FILE, path=b"%d.jpg" % number) for number in range(LIMIT + 1)]

    settling.begin()
    settling.observe(drop, 0.0)
    settling.end()
    while_none_is_complete = settling.due_in_s(1.0)
    settling.begin()
    settling.observe(drop, 5.0)
    settling.end()

    assert while_none_is_complete == 4.0
    assert settling.due_in_s(5.0) == 0.0


def test_a_turn_is_limited_by_count_and_by_size_but_never_empty() -> None:
    settling = Settling()
    files = [replace(FILE, path=b"%d.jpg" % number, size=10) for number in range(5)]
    for at in (0.0, 5.0):
        settling.observe(files, at)

    assert settling.ready(3, 1_000) == files[:3]
    assert settling.ready(9, 20) == files[:2]
    assert settling.ready(9, 5) == files[:1]
