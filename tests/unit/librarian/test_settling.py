from dataclasses import replace

from librarian.arrivals import Found
from librarian.settling import Settling

FILE = Found(b"a.jpg", size=10, mtime_ns=1, inode=2, ctime_ns=3)


def look(settling: Settling, file: Found, at: float) -> list[Found]:
    settling.begin()
    complete = list(settling.observe([file], at))
    settling.end()
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

    assert len(settling) == 0
    assert settling.due_in_s(0.0) is None


def test_the_next_look_is_due_when_the_first_file_can_be_complete() -> None:
    settling = Settling()
    look(settling, FILE, 10.0)

    assert settling.due_in_s(12.0) == 3.0


def test_a_file_that_changed_while_it_was_read_is_quiet_anew() -> None:
    settling = Settling()
    look(settling, FILE, 0.0)
    assert look(settling, FILE, 5.0) == [FILE]

    settling.restart(FILE.path, 6.0)

    assert look(settling, FILE, 10.9) == []
    assert look(settling, FILE, 11.0) == [FILE]
