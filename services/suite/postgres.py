"""The embedded database: one PostgreSQL cluster in one folder, for as long as somebody needs it."""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import pq, sql

from shared.errors import UserError
from suite import postgres_account, postgres_server

DATABASE = "photofactory"
SOCKET_FOLDER = "photofactory-"
SILENCE_LIMIT_S = 60.0
"""How long a starting server may not even answer "I am still recovering"."""
STOP_GRACE_S = 3.0
STILL_ENDING = "shared memory block"
"""What a server says that finds processes of one that was killed."""


class Cluster:
    """A PostgreSQL cluster: ``folder`` holds its data and password, a socket in /tmp leads to it.

    Whoever starts it owns the folder (see data_folder.lock): two at once are refused by
    PostgreSQL itself, but only within one container.
    """

    def __init__(
        self, folder: Path, *, log_path: Path | None = None, is_durable: bool = True
    ) -> None:
        self.folder = folder
        self._pgdata = folder / "pgdata"
        self._log_path = log_path or folder / "postgresql.log"
        self._is_durable = is_durable
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server, create what is missing, and return the database's URL when it answers.

        Call it from a thread that lives as long as the server should. Crash recovery may take as
        long as it needs. Raises UserError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        launcher = self._launcher()
        self._end_leftover()
        if not self._pgdata.exists():
            self._create(launcher)
        try:
            self._launch(launcher, self._new_socket_folder(launcher))
            self._create_database()
        except BaseException:
            self.stop()
            raise
        return self.url()

    def restart(self) -> None:
        """Start a server that ended, at the same address. Raises UserError."""
        socket_folder = Path(self._socket_note.read_text())
        for left_behind in socket_folder.iterdir():
            left_behind.unlink()
        self._launch(self._launcher(), socket_folder)

    def stop(self) -> None:
        """Stop the server and remove its socket; nothing happens if it does not run."""
        if self._process:
            postgres_server.stop(self._process, grace_s=STOP_GRACE_S)
            self._process = None
        self._remove_socket_folder()

    def url(self, database: str = DATABASE) -> str:
        """Return the address of a database of this cluster, password included."""
        password = quote(self._password_file.read_text())
        host = quote(self._socket_note.read_text(), safe="")
        return f"postgresql://{postgres_server.SUPERUSER}:{password}@/{database}?host={host}"

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it was not started here."""
        return self._process.pid if self._process else None

    def has_ended(self) -> bool:
        """Return whether a started server is gone."""
        return self._process is not None and self._process.poll() is not None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    @property
    def _password_file(self) -> Path:
        return self.folder / "password"

    @property
    def _socket_note(self) -> Path:
        """Names the socket folder, so that the next start can remove one that was left behind."""
        return self.folder / "socket-folder"

    def _launcher(self) -> postgres_account.Launcher:
        needed = [self.folder, postgres_server.installation()]
        return postgres_account.launcher_for(self._pgdata, needed)

    def _launch(self, launcher: postgres_account.Launcher, socket_folder: Path) -> None:
        """Start the server and wait; again while processes of a killed server still end."""
        patience = time.monotonic() + SILENCE_LIMIT_S
        while True:
            self._process = postgres_server.start(
                self._pgdata, socket_folder, launcher, self._log_path, is_durable=self._is_durable
            )
            if self._is_ready():
                return
            reason = postgres_server.last_words(self._log_path)
            if STILL_ENDING not in reason or time.monotonic() > patience:
                raise UserError(f"the database did not start: {reason}", f"see {self._log_path}")
            time.sleep(0.1)

    def _create(self, launcher: postgres_account.Launcher) -> None:
        password = secrets.token_urlsafe(24)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(password)
        postgres_server.create(
            self._pgdata, password, launcher, self._log_path, is_durable=self._is_durable
        )

    def _end_leftover(self) -> None:
        server = postgres_server.leftover(self._pgdata)
        if server:
            postgres_server.stop(server, grace_s=STOP_GRACE_S)
        self._remove_socket_folder()
        for unfinished in self.folder.glob("creating-*"):
            shutil.rmtree(unfinished)

    def _new_socket_folder(self, launcher: postgres_account.Launcher) -> Path:
        # in /tmp, because a socket's path has at most 103 characters and data folders lie anywhere
        place = "/tmp" if os.access("/tmp", os.W_OK) else None  # noqa: S108  private by mkdtemp
        folder = Path(tempfile.mkdtemp(prefix=SOCKET_FOLDER, dir=place))
        launcher.give(folder)
        self._socket_note.write_text(str(folder))
        return folder

    def _remove_socket_folder(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            folder = Path(self._socket_note.read_text())
            if folder.name.startswith(SOCKET_FOLDER):
                shutil.rmtree(folder)
        self._socket_note.unlink(missing_ok=True)

    def _is_ready(self) -> bool:
        """Wait until the server accepts connections; False if it ended instead."""
        heard_at = time.monotonic()
        address = f"host={self._socket_note.read_text()}".encode()
        while True:
            answer = pq.PGconn.ping(address)
            if self.has_ended():
                return False
            if answer == pq.Ping.OK:
                return True
            if answer == pq.Ping.REJECT:  # recovering from a crash
                heard_at = time.monotonic()
            if time.monotonic() - heard_at > SILENCE_LIMIT_S:
                raise UserError("the database does not answer", f"see {self._log_path}")
            time.sleep(0.02)

    def _create_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            query = "select 1 from pg_database where datname = %s"
            if not connection.execute(query, [DATABASE]).fetchone():
                name = sql.Identifier(DATABASE)
                connection.execute(sql.SQL("create database {}").format(name))
