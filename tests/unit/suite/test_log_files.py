"""Logs stay small, and what matters last can be quoted."""

from pathlib import Path

from suite import log_files


def test_a_large_log_is_moved_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "librarian.log"
    with log.open("ab", buffering=0) as writer:
        for number in range(6):
            writer.write(b"%d" % number * 11)
            log_files.rotate_all(tmp_path, limit_bytes=10)
        writer.write(b"now")

    kept = {path.name: path.read_text()[:1] for path in tmp_path.iterdir()}
    expected = {"librarian.log": "n"} | {f"librarian.log.{n}": str(6 - n) for n in (1, 2, 3)}
    assert kept == expected


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("short")

    log_files.rotate_all(tmp_path, limit_bytes=10)

    assert [path.name for path in tmp_path.iterdir()] == ["a.log"]


def test_the_last_line_is_quoted_shortened(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("first\nValueError: " + "x" * 1000 + "\n\n")

    assert log_files.last_line(log) == ("ValueError: " + "x" * 1000)[:300]
    assert log_files.last_line(tmp_path / "none.log") == ""
