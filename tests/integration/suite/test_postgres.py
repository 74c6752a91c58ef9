"""The embedded database starts, stops, and starts again after whatever was done to it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from suite import process_identity
from suite.postgres import Cluster
from waiting import until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster that exists already; starting it is what these tests are about."""
    path = tmp_path_factory.mktemp("database")
    with Cluster(path, is_durable=False) as cluster, psycopg.connect(cluster.url()) as connection:
        connection.execute("create table marks (mark text)")
    return path


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    with Cluster(folder, is_durable=False) as running:
        yield running


def add_mark(cluster: Cluster, mark: str) -> None:
    with psycopg.connect(cluster.url()) as connection:
        connection.execute("insert into marks values (%s)", [mark])


def marks(cluster: Cluster) -> list[str]:
    with psycopg.connect(cluster.url()) as connection:
        return [row[0] for row in connection.execute("select mark from marks")]


def test_it_keeps_its_rows_over_a_stop(folder: Path) -> None:
    with Cluster(folder, is_durable=False) as first:
        add_mark(first, "kept")

    with Cluster(folder, is_durable=False) as second:
        assert "kept" in marks(second)


def test_it_refuses_everybody_without_the_password(cluster: Cluster) -> None:
    address = cluster.url().replace((cluster.folder / "password").read_text(), "guess")

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(address)


def test_its_password_and_socket_are_private(cluster: Cluster) -> None:
    socket_folder = Path((cluster.folder / "socket-folder").read_text())

    assert (cluster.folder / "password").stat().st_mode & 0o077 == 0
    assert socket_folder.stat().st_mode & 0o077 == 0
    assert len(str(socket_folder / ".s.PGSQL.5432")) <= 103


def test_nothing_listens_on_the_network(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url()) as connection:
        (addresses,) = connection.execute("show listen_addresses").fetchone() or ("?",)

    assert addresses == ""


def test_it_recovers_after_kill_minus_nine(folder: Path) -> None:
    killed = Cluster(folder, is_durable=False)
    killed.start()
    add_mark(killed, "committed")
    with psycopg.connect(killed.url()):  # a backend that outlives its server for a moment
        assert killed.pid
        os.kill(killed.pid, signal.SIGKILL)
        until(killed.has_ended)

        with Cluster(folder, is_durable=False) as again:
            assert "committed" in marks(again)
    killed.stop()


def test_a_server_left_behind_is_ended_by_the_next_start(folder: Path) -> None:
    left_behind = Cluster(folder, is_durable=False)
    left_behind.start()

    with Cluster(folder, is_durable=False) as again:
        until(left_behind.has_ended)
        assert again.pid != left_behind.pid
        assert marks(again) is not None


def test_a_stranger_with_the_pid_of_an_old_server_is_left_alone(folder: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(command) as stranger:
        try:
            (folder / "pgdata/postmaster.pid").write_text(f"{stranger.pid}\n{folder}/pgdata\n1\n")
            with Cluster(folder, is_durable=False) as running:
                assert running.pid != stranger.pid
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_killed_server_that_nobody_reaped_does_not_hinder_the_next(folder: Path) -> None:
    killed = Cluster(folder, is_durable=False)
    killed.start()
    assert killed.pid
    os.kill(killed.pid, signal.SIGKILL)
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie of ours

    with Cluster(folder, is_durable=False) as again:
        assert marks(again) is not None
    killed.stop()


def test_what_an_interrupted_creation_left_is_removed(folder: Path) -> None:
    (folder / "creating-1234/pgdata").mkdir(parents=True)

    with Cluster(folder, is_durable=False):
        assert not (folder / "creating-1234").exists()


def test_stopping_leaves_no_process_and_no_socket(folder: Path) -> None:
    cluster = Cluster(folder, is_durable=False)
    cluster.start()
    socket_folder = Path((folder / "socket-folder").read_text())
    mark = process_identity.mark_of(cluster.pid or 0)
    assert mark

    cluster.stop()

    assert not process_identity.is_alive(mark)
    assert not socket_folder.exists()
