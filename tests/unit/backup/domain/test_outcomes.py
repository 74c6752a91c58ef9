"""What follows from troubles with targets."""

from backup.domain import outcomes
from backup.domain.outcomes import Trouble
from shared.errors import DependencyError, PermanentError, TransientError

AWAY = Trouble("USB", DependencyError("root", "gone"))
BAD = Trouble("NAS", TransientError("reads other bytes"))


def test_the_service_waits_only_when_every_target_is_away() -> None:
    assert outcomes.error_to_raise([AWAY], made=0, active_targets=1) is AWAY.error
    assert outcomes.error_to_raise([AWAY, AWAY], made=0, active_targets=2) is AWAY.error
    assert outcomes.error_to_raise([AWAY], made=0, active_targets=2) is None
    assert outcomes.error_to_raise([AWAY], made=1, active_targets=2) is None


def test_a_failure_of_the_file_decides_when_nothing_was_made() -> None:
    assert outcomes.error_to_raise([AWAY, BAD], made=0, active_targets=2) is BAD.error
    assert outcomes.error_to_raise([BAD], made=1, active_targets=2) is None
    assert outcomes.error_to_raise([], made=0, active_targets=1) is None


def test_every_target_without_a_copy_is_named() -> None:
    assert outcomes.explain([AWAY, BAD]) == (
        "no copy on USB: root: gone; no copy on NAS: reads other bytes"
    )
    assert not outcomes.is_hopeless([AWAY, BAD])
    assert outcomes.is_hopeless([BAD, Trouble("x", PermanentError("no"))])
