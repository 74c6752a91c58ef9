import os

from suite import terminal


def test_what_would_steer_a_terminal_is_spelled_out() -> None:
    name = os.fsdecode(b"\xff\x1b[31m\nred\r.jpg")

    assert terminal.plain(name) == r"\udcff\x1b[31m\nred\r.jpg"


def test_what_people_write_stays_as_it_is() -> None:
    assert terminal.plain("Ünïcode 写真 🎉 'x'.jpg") == "Ünïcode 写真 🎉 'x'.jpg"


def test_markup_is_text() -> None:
    assert terminal.escape("[red]a[/]") == r"\[red]a\[/]"
