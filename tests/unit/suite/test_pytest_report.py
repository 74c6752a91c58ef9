import json
import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

def test_good(): pass
def test_bad(): assert False
def test_later(): pytest.skip("why")

@pytest.fixture
def broken_end():
    yield
    raise ValueError

def test_bad_end(broken_end): pass

tries = []
@pytest.mark.flaky(reruns=1)
def test_at_the_second_try():
    tries.append(1)
    assert len(tries) == 2
"""


def outcomes(folder: Path) -> dict[str, list[str]]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    file = folder / "outcomes.json"
    plugins = ["-p", "suite.pytest_report", "-p", "no:cacheprovider"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, f"--outcomes={file}", str(folder)],
        cwd=folder,
        capture_output=True,
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[3] / "services"), "PATH": "/usr/bin:/bin"},
    )
    found: dict[str, list[str]] = json.loads(file.read_text())
    return found


def test_the_outcome_of_every_test_is_told(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)

    assert outcomes(tmp_path) == {
        "passed": ["test_some.py::test_at_the_second_try", "test_some.py::test_good"],
        "failed": ["test_some.py::test_bad", "test_some.py::test_bad_end"],
        "skipped": ["test_some.py::test_later"],
        "flaky": ["test_some.py::test_at_the_second_try"],
    }


def test_a_file_that_can_not_be_imported_counts_as_failed(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text("import there_is_no_such_module")

    assert outcomes(tmp_path)["failed"] == ["test_some.py"]
