"""Commands reach the database of the running suite, or start it for the moment."""

import os
from pathlib import Path

import pytest

from shared.errors import DependencyError, UserError
from suite import access, checkout, data_folder, diagnosis, process_identity, suite_run, suite_state
from suite.data_folder import DataFolder
from suite.process_identity import ProcessMark
from suite.suite_state import SuiteState


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PHOTOFACTORY_DATABASE_URL", raising=False)
    monkeypatch.delenv("PHOTOFACTORY_KAFKA_BOOTSTRAP_SERVERS", raising=False)


@pytest.fixture
def used(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path)
    with data_folder.claim(folder, "up"):
        return folder


def runs(folder: DataFolder, supervisor: ProcessMark, url: str) -> None:
    suite_state.write(folder, SuiteState(supervisor, url, "http://127.0.0.1:1/"))


def test_a_folder_that_was_never_used_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no data folder"), access.opened(tmp_path / "none"):
        pass

    assert list(tmp_path.iterdir()) == []


def test_the_database_is_started_for_the_moment(used: DataFolder) -> None:
    with access.opened(used.path) as database:
        database.ping()
        assert data_folder.holder(used) == f"command (process {os.getpid()})"

    assert data_folder.holder(used) is None


def test_a_lost_database_is_said_and_not_made(used: DataFolder) -> None:
    (used.originals / ".photofactory").mkdir(parents=True)

    with pytest.raises(UserError, match="no database"), access.opened(used.path):
        pass

    assert list(used.database.iterdir()) == []


def test_up_makes_no_empty_ledger_beside_photos(used: DataFolder) -> None:
    (used.originals / ".photofactory").mkdir(parents=True)

    with pytest.raises(UserError, match="no database"):
        suite_run.run(suite_run.Wish(used, 0, (), None, None))

    assert list(used.database.iterdir()) == []


def test_a_suite_that_is_just_starting_is_waited_for(used: DataFolder) -> None:
    with (
        data_folder.claim(used, "up"),
        pytest.raises(DependencyError, match="Try again in a moment"),
        access.opened(used.path),
    ):
        pass


def test_the_running_suite_is_found(used: DataFolder, database_url: str) -> None:
    runs(used, process_identity.own_mark(), database_url)

    with access.opened(used.path) as database, access.of_running_suite(used.path) as same:
        assert database.url == same.url == database_url
        database.ping()


def test_what_a_killed_suite_left_is_not_taken_for_running(used: DataFolder) -> None:
    runs(used, ProcessMark(os.getpid(), "earlier"), "postgresql://nowhere")

    assert access.running_url(used) is None
    with pytest.raises(UserError, match="nothing runs"), access.of_running_suite(used.path):
        pass


def test_a_container_names_its_database(used: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOFACTORY_DATABASE_URL", "postgresql://elsewhere")

    assert access.running_url(used) == "postgresql://elsewhere"


def test_the_doctor_works_where_nothing_runs(tmp_path: Path) -> None:
    topics = {finding.topic: finding.level for finding in diagnosis.examine(DataFolder(tmp_path))}

    assert topics["data folder"] == "note"
    assert topics["postgresql"] == "ok"


def test_the_doctor_examines_the_running_database(used: DataFolder, database_url: str) -> None:
    runs(used, process_identity.own_mark(), database_url)

    findings = list(diagnosis.database(used))

    assert [finding.level for finding in findings] == ["ok"]
    assert "schema" in findings[0].text


def test_the_doctor_says_that_a_database_is_gone(used: DataFolder) -> None:
    runs(used, process_identity.own_mark(), "postgresql://x@127.0.0.1:1/x")

    assert [finding.level for finding in diagnosis.database(used)] == ["bad"]
    assert list(diagnosis.own_folders(used)) == []


def test_the_doctor_says_that_a_broker_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOFACTORY_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")

    assert [finding.level for finding in diagnosis.broker(DataFolder(tmp_path))] == ["bad"]


def test_the_doctor_names_packages_that_are_not_the_locked_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "pytest==0.0.1 \\\n    --hash=sha256:0\nnot-there==1\n"
        "not-here==1 ; sys_platform == 'elsewhere'\n"
    )
    monkeypatch.setattr(checkout, "ROOT", tmp_path)

    packages = next(each for each in diagnosis.installation() if each.topic == "packages")

    assert packages.level == "bad"
    assert packages.text.startswith("2 differ")
