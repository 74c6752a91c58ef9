"""The database is deleted; `up` names the way out, and the way out works."""

import json
import shutil
from pathlib import Path
from typing import Any

import photos
from running_suite import LIMIT_S, RunningSuite, photofactory
from waiting import until


def status(data: Path) -> dict[str, Any]:
    said = photofactory("status", "--json", "--data", str(data))
    read: dict[str, Any] = json.loads(said.stdout)
    return read


def test_a_lost_database_is_made_anew(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with RunningSuite(data) as suite:
        suite.start()
        for number in range(3):
            photos.jpeg(data / f"Photos_Inbox/{number}.jpg", seed=number)
        until(
            lambda: status(data)["assets"]["total"] == 3, within_s=LIMIT_S, what="filed", every_s=1
        )
        suite.stop()
        shutil.rmtree(data / "database")

        refused = photofactory("up", "--data", str(data), "--port", "0")
        rebuilt = photofactory("rebuild", "--data", str(data))
        again = photofactory("rebuild", "--data", str(data))

        assert refused.returncode == 2
        assert "photofactory rebuild" in refused.stderr
        assert rebuilt.returncode == 0, rebuilt.stderr
        assert "3 files found = 3 restored" in rebuilt.stdout
        assert again.returncode == 2
        suite.start()
        assert status(data)["assets"]["total"] == 3
        suite.stop()
