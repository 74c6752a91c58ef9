import os
import subprocess
from pathlib import Path

import pytest

WRAPPER = Path(__file__).parents[2] / "photofactory"


def run_wrapper(
    command: Path, *arguments: str, cwd: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [command, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},  # noqa: TID251  the caller's own
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A checkout with the wrapper alone, nothing installed."""
    checkout = tmp_path / "fresh one"
    checkout.mkdir()
    for name in ("requirements.lock", "requirements-dev.lock"):
        (checkout / name).touch()
    (checkout / "photofactory").write_bytes(WRAPPER.read_bytes())
    (checkout / "photofactory").chmod(0o755)
    return checkout


def test_it_runs_from_any_folder_through_a_link_and_imports_nothing_from_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "argparse.py").write_text("raise SystemExit('imported from the wrong place')")
    (tmp_path / "pf").symlink_to(WRAPPER)

    done = run_wrapper(tmp_path / "pf", "--help", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "usage: photofactory COMMAND" in done.stdout


def test_a_python_that_does_not_fit_is_named(fresh: Path) -> None:
    done = run_wrapper(fresh / "photofactory", "--help", cwd=fresh, PYTHON="/bin/false")

    assert done.returncode == 2
    assert done.stderr == "photofactory: PYTHON=/bin/false is not a Python 3.11 or newer.\n"


def test_without_any_python_one_line_says_so(fresh: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "cmp", "readlink"):
        found = next(p for p in (Path("/usr/bin") / name, Path("/bin") / name) if p.exists())
        (tools / name).symlink_to(found)

    done = run_wrapper(fresh / "photofactory", cwd=fresh, PATH=str(tools), PYTHON="")

    assert done.returncode == 2
    assert "no Python 3.11 or newer found" in done.stderr
    assert done.stderr.count("\n") == 1
