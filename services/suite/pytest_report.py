"""A pytest plugin: leaves the outcome of every test in the JSON file `--outcomes FILE`."""

import json
from pathlib import Path

import pytest


class Outcomes:
    """What became of each test; the worst phase of a test counts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._last: dict[str, str] = {}
        self._retried: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase (set-up, call, tear-down) of one test."""
        name = report.nodeid
        if str(report.outcome) == "rerun":
            self._retried.add(name)
            self._last.pop(name, None)
        elif report.failed:
            self._last[name] = "failed"
        elif report.skipped:
            self._last.setdefault(name, "skipped")
        elif report.when == "call":
            self._last.setdefault(name, "passed")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a file that cannot be imported as one failed test."""
        if report.failed:
            self._last[report.nodeid] = "failed"

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        outcomes = {
            outcome: sorted(name for name, last in self._last.items() if last == outcome)
            for outcome in ("passed", "failed", "skipped")
        }
        outcomes["flaky"] = sorted(self._retried & set(outcomes["passed"]))
        self._file.write_text(json.dumps(outcomes), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare `--outcomes`."""
    parser.addoption("--outcomes", type=Path, help="write the outcome of every test to this file")


def pytest_configure(config: pytest.Config) -> None:
    """Listen only when a file is given."""
    file = config.getoption("--outcomes")
    if file:
        config.pluginmanager.register(Outcomes(file))
