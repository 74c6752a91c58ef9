"""The running suite can be found, and nobody else can read its password."""

from pathlib import Path

import pytest

from suite import suite_state
from suite.data_folder import DataFolder
from suite.process_identity import ProcessMark
from suite.suite_state import SuiteState

STATE = SuiteState(
    supervisor=ProcessMark(1, "a"),
    database_url="postgresql://secret",
    dashboard_url="http://127.0.0.1:1",
    processes={"librarian": ProcessMark(2, "b")},
)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    (tmp_path / "run").mkdir()
    return DataFolder(tmp_path)


def test_what_was_written_is_read(folder: DataFolder) -> None:
    suite_state.write(folder, STATE)

    assert suite_state.read(folder) == STATE


def test_only_the_owner_may_read_it(folder: DataFolder) -> None:
    suite_state.write(folder, STATE)

    assert (folder.run / "suite.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"supervisor": 1}'])
def test_a_torn_file_counts_as_none(folder: DataFolder, content: str) -> None:
    (folder.run / "suite.json").write_text(content)

    assert suite_state.read(folder) is None


def test_nothing_is_found_after_an_orderly_end(folder: DataFolder) -> None:
    suite_state.write(folder, STATE)
    suite_state.remove(folder)

    assert suite_state.read(folder) is None
