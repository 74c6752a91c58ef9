"""Events through a real broker: it may die, forget everything, or be left out again."""

from collections.abc import Callable
from pathlib import Path

import albums
import books
from kafka_broker import KafkaBroker
from running_suite import RunningSuite, photofactory


def test_no_work_is_lost_with_a_broker_and_back_without_one(
    tmp_path: Path, new_broker: Callable[[], KafkaBroker]
) -> None:
    broker = new_broker()
    data = tmp_path / "data"
    inbox = data / "Photos_Inbox"
    with RunningSuite(data, "--kafka", broker.address) as suite:
        suite.start()
        albums.make(tmp_path / "album", range(30))
        taken = photofactory("ingest", "--data", str(data), str(tmp_path / "album"))
        assert taken.stdout.splitlines()[-1] == "30 files found = 30 filed"
        albums.finish(suite)

        broker.kill()
        albums.make(inbox, range(30, 50))
        albums.wait_until_filed(suite, 50)  # filing needs no broker
        broker.wipe()
        broker.start()
        albums.make(inbox, range(50, 60))
        albums.wait_until_filed(suite, 60)
        albums.finish(suite)
        suite.stop()
    broker.kill()

    with RunningSuite(data) as suite:
        suite.start()
        albums.make(inbox, range(60, 70))
        albums.wait_until_filed(suite, 70)
        albums.finish(suite)
        assert books.outcomes(suite) == {"filed": 70}
