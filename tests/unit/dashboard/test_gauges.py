import statuses
from dashboard import gauges
from dashboard.status import BackupStatus, RootStatus, StageCounts
from shared import metrics


def backup(name: str) -> BackupStatus:
    return BackupStatus(
        name=name, path="/b", is_same_disk=False, verified_copies=5, missing_copies=2
    )


FROZEN = RootStatus(
    kind="originals", path="/o", state="frozen", state_reason="", free_bytes=None, total_bytes=None
)


def value(name: str, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(name, labels)


def test_the_status_is_told_as_metrics() -> None:
    gauges.show(
        statuses.status(
            dead_letters=3,
            services=[statuses.service(name="librarian", heartbeat_age_s=7)],
            stages=[StageCounts(stage="backed_up", done=5, pending=2)],
            backups=[backup("disk")],
            roots=[FROZEN],
        )
    )

    assert value("dead_letters_open") == 3
    assert value("heartbeat_age_seconds", service="librarian") == 7
    assert value("assets", stage="backed_up", state="pending") == 2
    assert value("backup_copies_missing", target="disk") == 2
    assert value("roots", kind="originals", state="frozen") == 1


def test_a_target_that_is_gone_is_not_told_any_more() -> None:
    gauges.show(statuses.status(backups=[backup("old")]))
    gauges.show(statuses.status(backups=[backup("new")]))

    assert value("backup_copies_missing", target="old") is None
