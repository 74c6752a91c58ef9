"""Make `.venv` from a lock file. Runs before anything is installed: standard library only.

`python setup.py ROOT LOCK` is called by the wrapper `photofactory` when the copy of LOCK inside
`.venv`, written last, differs from the one in the checkout.
"""

import fcntl
import filecmp
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path


class SetupError(Exception):
    """The environment cannot be made; the message is for the person at the keyboard."""


def install(root: Path, lock: str) -> None:
    """Install `root/lock` into `root/.venv`, unless another process has just done it.

    A `.venv` whose making was interrupted, or whose Python is gone, is made anew.
    """
    venv = root / ".venv"
    with (root / ".venv-lock").open("w") as turn:
        _take_turn(turn.fileno())
        if _is_installed(venv, root / lock):
            return
        _make(venv)
        _run_pip(venv, root / lock)
        # Last, and by a rename: an interrupted installation is repeated.
        shutil.copyfile(root / lock, venv / "installing")
        (venv / "installing").rename(venv / lock)


def _take_turn(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("another photofactory is installing; waiting for it")
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _is_installed(venv: Path, lock: Path) -> bool:
    copy = venv / lock.name
    return _works(venv) and copy.exists() and filecmp.cmp(copy, lock, shallow=False)


def _works(venv: Path) -> bool:
    if not (venv / "pyvenv.cfg").exists() or (venv / "half-made").exists():
        return False
    try:
        command = [str(venv / "bin/python"), "-m", "pip", "--version"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:  # its Python was removed
        return False


def _make(venv: Path) -> None:
    if _works(venv):
        return
    if venv.is_symlink() or venv.is_file():
        raise SetupError(f"{venv} is in the way: remove it")
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        raise SetupError(
            "this Python cannot make virtual environments. Install python3-venv "
            "(Debian, Ubuntu: apt install python3-venv), or choose another Python by PYTHON=..."
        )
    shutil.rmtree(venv, ignore_errors=True)
    venv.mkdir()
    (venv / "half-made").touch()
    _say(f"making {venv} with Python {sys.version.split()[0]}")
    made = subprocess.run(
        [sys.executable, "-m", "venv", venv], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        shutil.rmtree(venv, ignore_errors=True)
        raise SetupError(f"making {venv} failed: {(made.stdout + made.stderr).strip()}")
    (venv / "half-made").unlink()


def _run_pip(venv: Path, lock: Path) -> None:
    _say(f"installing {lock.name} (once; some minutes on a slow line)")
    options = ["--disable-pip-version-check", "--no-input", "--quiet", "--root-user-action=ignore"]
    exact = ["--require-hashes", "--no-deps"]
    pip = [str(venv / "bin/python"), "-m", "pip", "install", *options, *exact]
    if subprocess.run([*pip, "-r", str(lock)], check=False).returncode != 0:
        raise SetupError("pip could not install the requirements; its words stand above")


def _say(text: str) -> None:
    sys.stderr.write(f"photofactory: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        install(Path(sys.argv[1]), sys.argv[2])
    except PermissionError as error:
        _say(
            f"{error.filename} cannot be written or run by this user: let the owner of the checkout"
            " run ./photofactory once (with a Python that all may run), or make a clone of your own"
        )
        sys.exit(2)
    except (SetupError, OSError) as error:
        _say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
