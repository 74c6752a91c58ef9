from pathlib import Path

import statuses
from dashboard import readiness
from shared import health


def test_without_ports_the_heartbeats_decide() -> None:
    reported = [
        statuses.service(name="librarian"),
        statuses.service(name="geocoder", colour="yellow", current_task="Waiting: database"),
        statuses.service(name="backup", colour="red", current_task=None),
    ]

    assert readiness.by_heartbeat(reported) == {
        "geocoder": ["Waiting: database"],
        "backup": ["has never reported"],
    }


async def test_every_service_is_asked_itself(tmp_path: Path) -> None:
    troubles: list[str] = []
    checks = health.Checks(live=list, ready=lambda: troubles)
    with health.HealthServer(
        checks, host="127.0.0.1", port=0, port_file=tmp_path / "librarian.port"
    ):
        asked = readiness.Readiness(["librarian"], tmp_path, timeout_s=60)
        both = readiness.Readiness(["librarian", "backup"], tmp_path, timeout_s=60)

        assert await asked.missing([]) == {}
        assert await both.missing([]) == {"backup": ["is not started yet"]}
        troubles.append("starting")
        assert await asked.missing([]) == {"librarian": ["starting"]}


def test_a_port_that_is_left_over_does_not_answer(tmp_path: Path) -> None:
    with health.HealthServer(
        health.Checks(live=list, ready=list), host="127.0.0.1", port=0, port_file=None
    ) as gone:
        port = gone.port
    (tmp_path / "backup.port").write_text(f"{port}\n")

    assert readiness.ask(tmp_path, "backup", 60) == ["does not answer"]
