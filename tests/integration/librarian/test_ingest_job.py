"""An ingest job over a folder: every file found ends with an outcome, and they add up."""

import dataclasses
import errno
import os
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest

import factories
import photos
from dashboard import receipts
from factories import Factory
from hand_clock import GoingOn, HandClock, Stopping
from librarian import inbox, settling
from librarian.arrivals import Claimed, Mode, Outcome
from librarian.desk import Desk
from librarian.filer import Filer
from librarian.ingest import ALREADY_FILED, IngestJob
from librarian.repository import job_items
from shared import jobs
from shared.database import Database
from shared.disk import folders
from shared.errors import PermanentError
from suite import ingest_progress, terminal


class Bench:
    """A factory, a desk, and a folder of a person."""

    def __init__(self, factory: Factory, desk: Desk, clock: HandClock, folder: Path) -> None:
        self.factory = factory
        self.desk = desk
        self.clock = clock
        self.folder = folder

    def put(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def ingest(self, paths: Sequence[Path], mode: Mode = "copy") -> dict[str, int]:
        job_id = self.request(paths, mode)
        self.finish(job_id, paths, mode)
        with self.desk.database.read() as session:
            return job_items.counts(session, job_id)

    def finish(self, job_id: UUID, paths: Sequence[Path], mode: Mode) -> None:
        job = IngestJob(job_id, [quoted(path) for path in paths], mode, self.desk)
        for _ in range(20):
            if job.visit():
                return
            self.clock.pass_by(6)
        raise AssertionError("the job does not end")

    def request(self, paths: Sequence[Path], mode: Mode) -> UUID:
        params = {"paths": [quoted(path) for path in paths], "mode": mode}
        return self.desk.database.run(
            lambda session: jobs.request(session, "ingest", params, now=self.clock.now())
        )


def quoted(path: Path) -> str:
    return urllib.parse.quote_from_bytes(os.fsencode(path))


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Iterator[Bench]:
    factory = factories.make(database, tmp_path)
    clock = HandClock()
    folder = tmp_path / "card"
    folder.mkdir()
    with factory.filer() as filer:
        desk = Desk(database, filer, clock, filer.means.owner.id, GoingOn())
        yield Bench(factory, desk, clock, folder)


def test_found_is_the_sum_of_the_outcomes(bench: Bench) -> None:
    photo = photos.jpeg(None, seed=1)
    bench.put("a.jpg", photo)
    bench.put("again/a copy.jpg", photo)
    bench.put("empty.jpg", b"")
    bench.put("notes.txt", b"no picture")
    bench.put(".DS_Store", b"x")

    counts = bench.ingest([bench.folder])

    assert counts == {"filed": 1, "duplicate": 1, "quarantined": 2, "ignored": 1}


def test_copying_leaves_the_files_and_moving_takes_them(bench: Bench) -> None:
    kept = bench.put("kept/a.jpg", photos.jpeg(None, seed=1))
    moved = bench.put("moved/b.jpg", photos.jpeg(None, seed=2))

    bench.ingest([kept], "copy")
    bench.ingest([moved.parent], "move")

    assert kept.exists()
    assert not moved.exists()
    assert moved.parent.is_dir()
    assert len(bench.factory.names()) == 2


def test_a_folder_given_twice_is_known_the_second_time(bench: Bench) -> None:
    bench.put("a.jpg", photos.jpeg(None, seed=1))

    first = bench.ingest([bench.folder])
    second = bench.ingest([bench.folder])

    assert (first, second) == ({"filed": 1}, {"duplicate": 1})


def test_a_photo_that_a_person_forgot_is_filed_again_when_a_job_names_it(bench: Bench) -> None:
    path = bench.put("a.jpg", photos.jpeg(None, seed=1))
    bench.ingest([bench.folder])
    [name] = bench.factory.names()
    (bench.factory.originals / name).unlink()
    bench.factory.change("update media_assets set removed_at = now()")

    assert bench.ingest([path]) == {"duplicate": 1}

    assert bench.factory.names() == [name]
    assert bench.factory.rows("select removed_at from media_assets") == [(None,)]


def test_what_failed_or_was_refused_before_is_no_duplicate(bench: Bench) -> None:
    bench.put("notes.txt", b"no picture")
    bench.put("empty.jpg", b"")
    bench.put("a.jpg", photos.jpeg(None, seed=1))
    bench.ingest([bench.folder])
    bench.factory.change(
        "update files set outcome = 'failed', next_attempt_at = '2099-01-01'"
        " where display_path = 'a.jpg'"
    )

    assert bench.ingest([bench.folder]) == {"duplicate": 1, "quarantined": 2}
    [row] = bench.factory.rows("select * from files where display_path = 'a.jpg'")
    assert row.outcome == "duplicate"
    assert row.reason != ALREADY_FILED  # its content was looked at


def test_what_a_person_released_from_quarantine_stays_released(bench: Bench) -> None:
    bench.put("notes.txt", b"no picture")
    bench.ingest([bench.folder])
    bench.factory.change("update files set outcome = 'ignored', reason = 'released'")

    assert bench.ingest([bench.folder]) == {"ignored": 1}


def test_more_files_than_are_watched_at_a_time_are_all_filed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "LIMIT", 2)
    for number in range(5):
        bench.put(f"{number}.jpg", photos.jpeg(None, seed=number))

    assert bench.ingest([bench.folder]) == {"filed": 5}


def test_a_folder_that_cannot_be_looked_into_any_more_fails_its_files_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put("a.jpg", photos.jpeg(None, seed=1))
    bench.put("locked/b.jpg", photos.jpeg(None, seed=2))
    open_folder = folders.open_folder

    def refuse(root_fd: int, relative: bytes) -> int:
        if relative == b"locked":
            raise PermissionError(errno.EACCES, "Permission denied")
        return open_folder(root_fd, relative)

    monkeypatch.setattr(folders, "open_folder", refuse)

    assert bench.ingest([bench.folder]) == {"filed": 1, "failed": 1}


def test_a_path_that_no_index_takes_fails_alone(bench: Bench) -> None:
    folder = os.open(bench.folder, os.O_RDONLY)
    for _ in range(13):  # random, for an index compresses
        name = os.urandom(100).hex()
        os.mkdir(name, dir_fd=folder)
        inner = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("a.jpg", os.O_CREAT, dir_fd=folder))
    os.close(folder)
    bench.put("b.jpg", photos.jpeg(None, seed=1))

    assert bench.ingest([bench.folder]) == {"filed": 1, "failed": 1}


def test_a_folder_whose_path_is_no_text_fails_the_job_by_name(bench: Bench) -> None:
    folder = bench.put(os.fsdecode(b"caf\xe9/a.jpg"), photos.jpeg(None, seed=1)).parent

    with pytest.raises(PermanentError, match="not UTF-8"):
        bench.ingest([folder])

    assert bench.ingest([bench.folder]) == {"filed": 1}


def test_moving_what_was_copied_before_removes_it(bench: Bench) -> None:
    path = bench.put("a.jpg", photos.jpeg(None, seed=1))

    bench.ingest([bench.folder], "copy")
    counts = bench.ingest([bench.folder], "move")

    assert counts == {"duplicate": 1}
    assert not path.exists()


def test_a_hidden_file_that_is_named_is_filed(bench: Bench) -> None:
    hidden = bench.put(".hidden.jpg", photos.jpeg(None, seed=1))

    assert bench.ingest([hidden]) == {"filed": 1}


def test_a_name_that_is_no_text_is_filed(bench: Bench) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    bench.put(name, photos.jpeg(None, seed=1))

    assert bench.ingest([bench.folder / name]) == {"filed": 1}


def test_a_job_taken_up_again_ends_with_the_same_items(bench: Bench) -> None:
    for number in range(5):
        bench.put(f"{number}.jpg", photos.jpeg(None, seed=number))
    job_id = bench.request([bench.folder], "copy")
    IngestJob(job_id, [quoted(bench.folder)], "copy", bench.desk).visit()

    job = IngestJob(job_id, [quoted(bench.folder)], "copy", bench.desk)
    while not job.visit():
        bench.clock.pass_by(6)

    with bench.desk.database.read() as session:
        assert job_items.counts(session, job_id) == {"filed": 5}


def test_a_path_that_is_gone_fails_the_job_by_name(bench: Bench) -> None:
    with pytest.raises(PermanentError, match="gone is not there"):
        bench.ingest([bench.folder / "gone"])


def test_a_file_that_goes_away_meanwhile_has_vanished(bench: Bench) -> None:
    path = bench.put("a.jpg", photos.jpeg(None, seed=1))
    job_id = bench.request([bench.folder], "copy")
    job = IngestJob(job_id, [quoted(bench.folder)], "copy", bench.desk)
    job.visit()

    path.unlink()
    bench.clock.pass_by(6)
    job.visit()

    with bench.desk.database.read() as session:
        assert job_items.counts(session, job_id) == {"vanished": 1}


def test_a_move_that_was_interrupted_before_the_removal_is_finished(bench: Bench) -> None:
    path = bench.put("day/a.jpg", photos.jpeg(None, seed=1))
    job_id = bench.request([bench.folder], "move")
    job = IngestJob(job_id, [quoted(bench.folder)], "move", bench.desk)
    content = path.read_bytes()
    while not job.visit():
        bench.clock.pass_by(6)
    bench.put("day/a.jpg", content)  # as if the removal had never happened
    os.utime(path, ns=(0, bench.factory.rows("select mtime_ns from files")[0].mtime_ns))
    bench.factory.change("update files set source_removed_at = null")

    IngestJob(job_id, [quoted(bench.folder)], "move", bench.desk).visit()

    assert not path.parent.exists()


def test_a_stop_during_discovery_does_not_complete_the_job(bench: Bench) -> None:
    bench.put("a.jpg", photos.jpeg(None, seed=1))
    job_id = bench.request([bench.folder], "copy")
    stopping = dataclasses.replace(bench.desk, stop=Stopping())

    is_complete = IngestJob(job_id, [quoted(bench.folder)], "copy", stopping).visit()

    assert not is_complete


def test_a_sidecar_met_before_its_photo_is_filed_beside_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "FILING_BATCH", 1)  # one after the other, in any order
    for number in range(8):
        bench.put(f"{number}.jpg", photos.jpeg(None, seed=number))
        bench.put(f"{number}.jpg.xmp", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>')
    bench.put("alone.jpg.xmp", b'<x:xmpmeta xmlns:x="adobe:ns:meta/"> </x:xmpmeta>')

    counted = bench.ingest([bench.folder])

    assert counted == {"filed": 8, "companion": 8, "ignored": 1}


class SlowFiler(Filer):
    """A batch takes longer than a visit should."""

    def __init__(self, means: Filer, clock: HandClock) -> None:
        self.means = means.means
        self._turn = means._turn
        self._clock = clock

    def file(self, batch: Sequence[Claimed], source_fd: int) -> Sequence[Outcome]:
        self._clock.pass_by(10)
        return super().file(batch, source_fd)


def test_a_visit_ends_after_a_batch_that_took_long_so_that_inboxes_have_their_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "FILING_BATCH", 1)
    for number in range(3):
        bench.put(f"{number}.jpg", photos.jpeg(None, seed=number))
    assert isinstance(bench.desk.filer, Filer)
    slow = dataclasses.replace(bench.desk, filer=SlowFiler(bench.desk.filer, bench.clock))
    job = IngestJob(bench.request([bench.folder], "copy"), [quoted(bench.folder)], "copy", slow)
    job.visit()
    bench.clock.pass_by(6)
    filed: list[int] = []

    while not job.visit():
        filed.append(len(bench.factory.names()))

    assert filed[:3] == [1, 2, 3]


@pytest.mark.parametrize(("was_met_before", "expected"), [(False, "filed"), (True, "duplicate")])
def test_what_an_inbox_files_while_a_job_waits_for_it_is_an_outcome_of_the_job(
    bench: Bench, was_met_before: bool, expected: str
) -> None:
    bench.factory.drop("a.jpg", photos.jpeg(None))
    if was_met_before:
        bench.factory.claim(owner=1)  # and died
    paths = [bench.factory.inbox]
    job_id = bench.request(paths, "move")
    job = IngestJob(job_id, [quoted(path) for path in paths], "move", bench.desk)
    job.visit()

    bench.factory.file()
    bench.clock.pass_by(6)
    is_complete = job.visit()

    assert is_complete
    with bench.desk.database.read() as session:
        assert job_items.counts(session, job_id) == {expected: 1}
    assert bench.factory.outcomes() == {"a.jpg": "filed"}


def test_the_balance_tells_what_waits_and_why_files_were_passed_over(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.put("IMG_1.jpg", photos.jpeg(seed=1))
    bench.put("again.jpg", photos.jpeg(seed=1))
    bench.put("IMG_2.jpg.xmp", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>")
    bench.put("Thumbs.db", b"x")
    job_id = bench.request([bench.folder], "copy")
    bench.finish(job_id, [bench.folder], "copy")
    database = bench.desk.database

    capsys.readouterr()  # the log
    reading = dataclasses.replace(ingest_progress.read(database, job_id), state="completed")
    code = ingest_progress.balance(database, job_id, reading, terminal.console())

    assert code == 0
    balance, *reasons = capsys.readouterr().out.splitlines()
    assert balance == "4 files found = 1 filed + 1 duplicate + 1 ignored + 1 waiting"
    assert [each.split(": ")[0].strip() for each in reasons] == ["ignored, by rule", "waiting"]
    assert reasons[1].endswith("IMG_2.jpg.xmp: waiting for its photo: IMG_2.jpg in its folder")


def test_a_photo_is_found_by_the_name_that_its_duplicate_came_under(bench: Bench) -> None:
    bench.put("IMG_1.jpg", photos.jpeg(seed=1))
    bench.put("phone/again.jpg", photos.jpeg(seed=1))
    bench.ingest([bench.folder])

    with bench.desk.database.read() as session:
        found = {receipts.find(session, name, None) for name in ("IMG_1.jpg", "again.jpg")}

    assert len(found) == 1
