"""The household's zone is proposed from the machine's settings."""

from pathlib import Path

import pytest

from shared.errors import UserError
from suite import household_zone


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(household_zone, "LOCALTIME", tmp_path / "localtime")
    monkeypatch.setattr(household_zone, "TIMEZONE", tmp_path / "timezone")
    return tmp_path


def test_the_variable_tz_comes_first(machine: Path) -> None:
    (machine / "timezone").write_text("Europe/Berlin\n")

    assert household_zone.of_machine(":Asia/Tokyo") == "Asia/Tokyo"


def test_the_link_of_localtime_names_the_zone(machine: Path) -> None:
    target = machine / "zoneinfo/Europe/Paris"
    target.parent.mkdir(parents=True)
    target.touch()
    (machine / "localtime").symlink_to(target)

    assert household_zone.of_machine(None) == "Europe/Paris"


def test_a_timezone_file_names_the_zone(machine: Path) -> None:
    (machine / "timezone").write_text("Europe/Berlin\n")

    assert household_zone.of_machine("CET-1CEST") == "Europe/Berlin"


def test_a_machine_without_any_is_taken_for_utc() -> None:
    assert household_zone.of_machine(None) == "UTC"


def test_a_misspelt_zone_is_refused() -> None:
    assert household_zone.checked("Europe/Berlin") == "Europe/Berlin"
    with pytest.raises(UserError, match="Europe/Berlim"):
        household_zone.checked("Europe/Berlim")
