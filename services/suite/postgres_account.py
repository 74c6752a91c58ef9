"""Who runs the database server. PostgreSQL refuses root, so root lends it another account.

No permission outside the data folder is changed for that. Where the other account may not enter a
folder on the way (a project below /root), the server gets the one right to read and search; the
socket folder and a password keep everybody else out of it.
"""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shared.errors import UserError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine that is not root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts programs of the database; ``account`` None means as ourselves.

    ``has_search_right``: the account cannot enter every folder on its way and needs the right to.
    """

    account: Account | None
    has_search_right: bool = False

    def popen(self, command: Sequence[str], log: int) -> "subprocess.Popen[bytes]":
        """Start ``command`` as a direct child that writes to the descriptor ``log``.

        On Linux it is asked to stop (SIGINT) when the thread that started it ends, however that
        comes; elsewhere the next start of the suite ends what was left behind.
        """
        prefix = ["setpriv", "--pdeathsig", "INT"] if _has_setpriv() else []
        user = self.account
        if user and self.has_search_right:
            prefix += [f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups"]
            prefix += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
            # access(2), which PostgreSQL asks about its own program, else forgets capabilities
            prefix += ["--securebits=+no_setuid_fixup"]
            user = None
        return subprocess.Popen(
            [*prefix, *command],
            cwd="/",
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the supervisor, which stops things in order
            umask=0o077,
        )

    def give(self, path: Path) -> None:
        """Make ``path`` (a file or folder that we have just made) belong to the account."""
        if self.account:
            try:
                os.chown(path, self.account.uid, self.account.gid)
            except OSError as error:
                raise UserError(
                    f"{path} cannot be given to the user {self.account.name}: {error.strerror}",
                    "use a data folder on a local disk, or start as an ordinary user",
                ) from error


def launcher_for(pgdata: Path, needed: Iterable[Path]) -> Launcher:
    """Return how to run the server on ``pgdata``, which may not exist yet.

    ``needed`` are the folders that it has to enter. Raises UserError when no account can.
    """
    if os.geteuid() != 0:
        if pgdata.exists() and pgdata.stat().st_uid != os.geteuid():
            raise UserError(
                f"the database in {pgdata} was made by another user ({pgdata.owner()})",
                "start as root or as that user",
            )
        return Launcher(None)
    account = _account(pgdata)
    barred = [folder for path in needed for folder in _barred(path, account)]
    if not barred:
        return Launcher(account)
    launcher = Launcher(account, has_search_right=True)
    if not _can_run(launcher):
        raise UserError(
            f"the database may not run as root, and {account.name} may not enter {barred[0]}",
            "start as an ordinary user, or put the project and --data where others may enter "
            "(such as /srv)",
        )
    return launcher


def _account(pgdata: Path) -> Account:
    """Return the owner of an existing database, else the first candidate that exists."""
    if pgdata.exists() and pgdata.stat().st_uid != 0:
        owner = pgdata.stat()
        return Account(str(owner.st_uid), owner.st_uid, owner.st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise UserError(
        "the database cannot run as root, and neither the user postgres nor nobody exists",
        "start as an ordinary user",
    )


def _barred(path: Path, account: Account) -> list[Path]:
    """Return the folders from / down to ``path`` that the account may not search."""
    resolved = path.resolve()
    return [
        folder
        for folder in [*reversed(resolved.parents), resolved]
        if folder.is_dir() and not _may_search(folder.stat(), account)
    ]


def _may_search(folder: os.stat_result, account: Account) -> bool:
    if folder.st_uid == account.uid:
        return bool(folder.st_mode & 0o100)
    if folder.st_gid == account.gid:
        return bool(folder.st_mode & 0o010)
    return bool(folder.st_mode & 0o001)


@cache
def _has_setpriv() -> bool:
    """Return whether util-linux's setpriv is here (busybox has another of this name)."""
    if sys.platform != "linux" or not shutil.which("setpriv"):
        return False
    command = ["setpriv", "--pdeathsig", "INT", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _can_run(launcher: Launcher) -> bool:
    if not _has_setpriv():
        return False
    with launcher.popen(["true"], subprocess.DEVNULL) as process:
        return process.wait() == 0
