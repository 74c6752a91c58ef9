"""explain, redate and clock-fix as a person uses them, over a small library."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

import factories
import photos
import redates
from factories import Factory
from librarian.redating import plan
from shared.database import Database
from shared.disk.mass_change import Thresholds
from suite import access, cli, redate_job, redate_text

CANON = photos.jpeg(
    taken="2019:07:14 10:00:00", make="Canon", model="Canon EOS 5D", gps=(48.2, 16.37),
    gps_time="2019:07:14 09:02:03",
)  # fmt: skip
DAY = "2019/2019-07-14"
Said = Callable[..., tuple[int, str]]


@pytest.fixture
def factory(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Factory:
    made = factories.make(database, tmp_path)
    redates.set_zone(made, "Europe/Vienna")
    made.drop("Camera/canon.jpg", CANON)
    made.file()

    @contextmanager
    def opened(data: Path) -> Iterator[Database]:
        yield database

    monkeypatch.setattr(access, "opened", opened)
    monkeypatch.setattr(access, "of_running_suite", opened)
    # Whoever waits for the job lets the librarian work.
    monkeypatch.setattr(redate_job, "time", SimpleNamespace(sleep=lambda _: redates.work(made)))
    return made


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    """Run a command; its exit code and what it printed, with white space made alike."""

    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.run(arguments)
        captured = capsys.readouterr()
        return code, " ".join((captured.out + captured.err).split())

    return run


def wall_clock(factory: Factory) -> str:
    [row] = factory.rows("select captured_local from media_assets")
    return f"{row.captured_local:%Y-%m-%d %H:%M:%S}"


def test_explain_tells_the_evidence_of_a_photo_in_the_library(factory: Factory, said: Said) -> None:
    code, text = said("explain", "canon.jpg")

    assert code == 0
    assert f"filed in {DAY}" in text
    assert "date: 2019-07-14 10:00:00, by EXIF:DateTimeOriginal" in text
    assert "offset: +02:00: from the zone of the photo's position" in text
    assert "EXIF:GPSDateStamp" in text


def test_explain_names_the_folder_that_a_later_date_belongs_into(
    factory: Factory, said: Said
) -> None:
    said("clock-fix", "--camera", "Canon EOS 5D", "--shift=+365d", "--yes")

    _, text = said("explain", "canon.jpg")

    assert f"filed in {DAY} its date says 2020/2020-07-13: redate --move takes it there" in text


def test_explain_reads_a_file_that_is_not_in_the_library(
    factory: Factory, tmp_path: Path, said: Said
) -> None:
    path = tmp_path / "canon.jpg"
    photos.jpeg(path, taken=None, seed=4)
    (tmp_path / "canon.jpg.xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        ' xmlns:exif="http://ns.adobe.com/exif/1.0/"'
        ' exif:DateTimeOriginal="2015-05-05T12:00:00"/></rdf:RDF></x:xmpmeta>'
    )

    code, text = said("explain", "--json", str(path))

    told = json.loads(text)
    assert code == 0
    assert (told["is_filed"], told["folder"]) == (False, "2015/2015-05-05")
    assert told["decision"]["source"] == "companion:XMP:DateTimeOriginal"
    assert {each["verdict"] for each in told["candidates"]} == {"selected", "differs"}
    assert factory.rows("select count(*) as n from media_assets")[0].n == 1


def test_explain_refuses_what_is_no_photo(factory: Factory, tmp_path: Path, said: Said) -> None:
    (tmp_path / "notes.txt").write_text("milk")

    assert said("explain", str(tmp_path / "notes.txt"))[0] == cli.IMPOSSIBLE
    assert said("explain", "nowhere.jpg")[0] == cli.IMPOSSIBLE


def test_redate_shows_asks_changes_and_takes_back(
    factory: Factory, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    redates.pretend_older_rules(factory, date_confidence="low", captured_at_source="filename_date")

    code, text = said("redate", "--dry-run")
    assert code == 0
    assert "1 of 1 photos looked at would change" in text
    assert "filename_date (low)" in text
    assert "-> EXIF:DateTimeOriginal (high)" in text

    code, text = said("redate")
    assert (code, "nobody can be asked" in text) == (cli.IMPOSSIBLE, True)

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert said("redate")[0] == 1
    assert factory.events("media.asset.redated") == 0

    monkeypatch.setattr("builtins.input", lambda _: "y")
    code, text = said("redate")
    assert code == 0
    assert "1 applied" in text
    assert said("redate", "--dry-run")[1].startswith("0 of 1")

    job_id = text.split("--undo ")[1].split()[0]
    code, text = said("redate", "--undo", job_id, "--dry-run")
    assert (code, "-> filename_date (low)" in text) == (0, True)
    code, text = said("redate", "--undo", job_id, "--yes", "--json")
    assert (code, json.loads(text)["result"]["photos"]) == (0, {"applied": 1})
    assert said("redate", "--undo", job_id, "--yes")[0] == cli.IMPOSSIBLE


def test_json_is_one_document_and_asks_nobody(factory: Factory, said: Said) -> None:
    redates.pretend_older_rules(factory, date_confidence="low")

    assert said("redate", "--json")[0] == cli.IMPOSSIBLE
    code, text = said("redate", "--json", "--yes")

    told = json.loads(text)
    assert code == 0
    assert told["by_kind"] == {"confidence": 1}
    assert told["photos"][0]["before"]["confidence"] == "low"
    assert told["result"]["state"] == "completed"


def test_a_large_share_of_the_library_has_to_be_named_by_its_number(
    factory: Factory, said: Said
) -> None:
    redates.fill(factory, 20)
    redates.pretend_older_rules(factory, captured_local=redates.OLD)

    code, text = said("redate", "--yes")
    assert code == cli.IMPOSSIBLE
    assert "--yes-really 21" in text
    assert said("redate", "--yes-really", "20")[0] == cli.IMPOSSIBLE
    assert factory.events("media.asset.redated") == 0

    code, text = said("redate", "--yes-really", "21")
    assert (code, factory.events("media.asset.redated")) == (0, 21)

    undo = ("redate", "--undo", text.split("--undo ")[1].split()[0])
    assert said(*undo, "--yes")[0] == cli.IMPOSSIBLE
    assert said(*undo, "--yes-really", "21")[0] == 0
    assert factory.rows("select distinct captured_local as at from media_assets")[0].at == (
        redates.OLD
    )


def test_another_opinion_on_the_same_dates_is_no_large_change(factory: Factory, said: Said) -> None:
    redates.fill(factory, 20)
    redates.pretend_older_rules(factory, date_confidence="low")

    assert said("redate", "--yes")[0] == 0


def test_a_job_that_is_held_says_so_and_thaw_lets_it_go_on(
    factory: Factory, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    redates.fill(factory, 20)
    redates.pretend_older_rules(factory, captured_local=redates.OLD)
    monkeypatch.setattr(plan, "weighty", lambda _: Counter())  # as if nobody had counted

    code, text = said("redate", "--yes")
    assert code == 1
    assert "waits: 21 of 21 known files would get another date" in text
    assert factory.events("media.asset.redated") == 0

    code, text = said("thaw", "--yes")
    assert code == 0
    assert "21 of 21 photos looked at would change" in text
    redates.work(factory)
    assert factory.events("media.asset.redated") == 21


@pytest.mark.parametrize(
    ("answers", "arguments", "code", "states"),
    [
        (["n", "n"], [], 1, ("frozen", "paused")),
        (["n", "y"], [], 0, ("online", "cancelled")),
        (["y"], [], 0, ("online", "completed")),
        ([], ["--cancel"], 0, ("online", "cancelled")),
        ([], ["--yes"], 0, ("online", "completed")),
    ],
)
def test_thaw_shows_what_a_job_waits_to_do_and_lets_it_go_on_or_cancels_it(
    factory: Factory,
    said: Said,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[str],
    arguments: list[str],
    code: int,
    states: tuple[str, str],
) -> None:
    brake = Thresholds(share=0.5, minimum=1)
    job_id = redates.ask(factory, fix=redates.day_off(1))
    redates.work(factory, brake)
    given = iter(answers)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda _: next(given))

    found, text = said("thaw", *arguments)

    assert found == code
    assert f"frozen: 1 of 1 known files would get another date (job {job_id}: clock_fix)" in text
    assert f"{DAY}/canon.jpg 2019-07-14 10:00:00 +02:00" in text
    assert "1 of 1 photos looked at would change" in text
    redates.work(factory, brake)
    [root] = factory.rows("select state from roots where kind = 'originals'")
    [job] = factory.rows("select state from jobs")
    assert (root.state, job.state) == states
    assert factory.events("media.asset.redated") == (states[1] == "completed")


def test_clock_fix_suggests_by_gps_and_shifts(factory: Factory, said: Said) -> None:
    code, text = said("clock-fix", "--camera", "canon eos 5d")
    assert code == cli.IMPOSSIBLE
    assert "GPS time suggests --shift=+1:02:03 (1 of 1 photos agree)" in text

    code, _ = said("clock-fix", "--camera", "canon*", "--shift=+1:02:03", "--yes")

    assert (code, wall_clock(factory)) == (0, "2019-07-14 11:02:03")
    code, text = said("clock-fix", "--camera", "canon*")
    assert "says that the clock was right" in text


def test_clock_fix_by_one_true_time_in_a_range_with_move(factory: Factory, said: Said) -> None:
    fix = ("clock-fix", "--camera", "canon*", "--true-time", "canon.jpg=2019-07-15 00:30", "--yes")

    assert said(*fix, "--to", "2019-07-13")[0] == cli.IMPOSSIBLE
    assert said(*fix, "--from", "2019-07-14", "--to", "2019-07-14", "--move")[0] == 0

    assert wall_clock(factory) == "2019-07-15 00:30:00"
    assert factory.names() == ["2019/2019-07-15/canon.jpg"]


def test_clock_fix_of_a_zone(factory: Factory, said: Said) -> None:
    assert said("clock-fix", "--camera", "*", "--zone", "Asia/Tokio", "--yes")[0] == cli.IMPOSSIBLE
    assert said("clock-fix", "--camera", "*", "--zone", "Asia/Tokyo", "--yes")[0] == 0

    [row] = factory.rows("select utc_offset_minutes, offset_source from media_assets")
    assert (row.utc_offset_minutes, row.offset_source) == (540, "manual")
    assert wall_clock(factory) == "2019-07-14 10:00:00"


def test_clock_fix_names_the_cameras_that_there_are(factory: Factory, said: Said) -> None:
    code, text = said("clock-fix", "--camera", "Nikon", "--shift=+1:00", "--yes")

    assert code == cli.IMPOSSIBLE
    assert '"Canon EOS 5D" (1)' in text


def test_a_long_diff_is_cut_and_shown_whole_when_asked(
    factory: Factory, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.drop("Camera/second.jpg", photos.jpeg(taken="2019:07:15 10:00:00", make="Canon",
                                                  model="Canon EOS 5D"))  # fmt: skip
    factory.file()
    monkeypatch.setattr(redate_text, "LISTED", 1)
    fix = ("clock-fix", "--camera", "canon*", "--shift=+1:00:00", "--dry-run")

    cut, whole = said(*fix)[1], said(*fix, "--all")[1]

    assert "... and 1 more (--all shows them)" in cut
    assert "second.jpg" not in cut
    assert "canon.jpg" in whole
    assert "second.jpg" in whole
