import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from suite import setup

SETUP = Path(setup.__file__)


def run_setup(root: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", SETUP, root, "some.lock"],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    checkout = tmp_path / "a check out"
    checkout.mkdir()
    (checkout / "some.lock").write_text("")  # nothing to install: no network
    return checkout


def test_two_at_once_make_one_environment_and_a_third_finds_it_made(root: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(run_setup, [root, root]))
    third = run_setup(root)

    assert [done.returncode for done in (*both, third)] == [0, 0, 0]
    assert sum("making" in done.stderr for done in both) == 1
    assert third.stderr == ""
    assert (root / ".venv/bin/python").exists()
    assert (root / ".venv/some.lock").read_text() == ""


def test_an_interrupted_making_and_a_vanished_python_are_made_anew(root: Path) -> None:
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/pyvenv.cfg").touch()
    (root / ".venv/bin/python").symlink_to("/there/is/no/python")
    (root / ".venv/half-made").touch()

    assert run_setup(root).returncode == 0
    assert not (root / ".venv/half-made").exists()


def test_requirements_that_can_not_be_installed_are_tried_again_next_time(root: Path) -> None:
    (root / "some.lock").write_text("not a requirement\n")

    first, second = run_setup(root), run_setup(root)

    assert (first.returncode, second.returncode) == (2, 2)
    assert "pip could not install" in second.stderr
    assert "Traceback" not in second.stderr


def test_without_venv_nothing_half_made_is_left(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(setup.SetupError, match="python3-venv"):
        setup.install(root, "some.lock")

    assert not (root / ".venv").exists()
