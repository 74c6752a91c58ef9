"""Runs the parts of `photofactory test` and adds up what became of them."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from suite import checkout

ONLY_FAILED = ("--last-failed", "--last-failed-no-failures=none")
PYTHON = sys.executable
IMPORT_LINTER = "from importlinter.cli import lint_imports_command as run; run()"
CHECKS: Mapping[str, Sequence[str]] = {
    "ruff check": (PYTHON, "-m", "ruff", "check", "--quiet"),
    "ruff format": (PYTHON, "-m", "ruff", "format", "--check", "--quiet"),
    "mypy": (PYTHON, "-m", "mypy", "--no-error-summary"),
    "import rules": (PYTHON, "-c", IMPORT_LINTER),
    "repository rules": (PYTHON, "scripts/check_repo.py"),
    "generated documents": (PYTHON, "-m", "suite", "docs", "--check"),
}


@dataclass(frozen=True, slots=True)
class Totals:
    """Names of tests (and of checks that failed)."""

    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    flaky: frozenset[str] = frozenset()
    """Passed, but not at the first try."""

    def line(self) -> str:
        """The last line of a run."""
        counts = f"{len(self.passed)} passed, {len(self.failed)} failed"
        return f"{counts}, {len(self.skipped)} skipped"

    def ran(self) -> int:
        """How many tests were selected."""
        return len(self.passed) + len(self.failed) + len(self.skipped)

    def with_failed(self, names: Iterable[str]) -> "Totals":
        """The same and further failures."""
        return Totals(self.passed, self.failed | set(names), self.skipped, self.flaky)

    def after_retry(self, retry: "Totals") -> "Totals":
        """What counts when the failed tests were run again: those that passed then are flaky."""
        healed = self.failed & retry.passed
        return Totals(
            self.passed | healed,
            self.failed - healed,
            self.skipped,
            self.flaky | healed | (retry.flaky & healed),
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tests pytest runs, and how."""

    folders: tuple[str, ...]
    keyword: str | None = None
    with_coverage: bool = False
    reruns: int = 0


def check() -> list[str]:
    """Run linters and repository rules; returns the names of those that failed."""
    failed = []
    for name, command in CHECKS.items():
        done = subprocess.run(
            command,
            cwd=checkout.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(f"{'ok' if done.returncode == 0 else 'FAILED':<7}{name}", flush=True)
        if done.returncode != 0:
            failed.append(name)
            print(done.stdout, flush=True)
    return failed


def run_pytest(selection: Selection) -> Totals:
    """Run the tests; those that fail are run once more, alone."""
    totals = _pytest(selection)
    if not totals.failed:
        return totals
    print(f"\n{len(totals.failed)} failed: once more, alone\n", flush=True)
    return totals.after_retry(_pytest(selection, *ONLY_FAILED))


def coverage_report(minimum_percent: str) -> bool:
    """Print the coverage of the last run with coverage; True when it reaches the minimum."""
    _coverage("combine", "--quiet")
    return _coverage("report", f"--fail-under={minimum_percent}") == 0


def forget_coverage() -> None:
    """Remove the measurements of earlier runs."""
    _coverage("erase")


def _pytest(selection: Selection, *options: str) -> Totals:
    with tempfile.TemporaryDirectory(prefix="photofactory-test-") as folder:
        outcomes = Path(folder) / "outcomes.json"
        launcher = ["-m", "coverage", "run", "-m"] if selection.with_coverage else ["-m"]
        keyword = ["-k", selection.keyword] if selection.keyword else []
        reruns = [f"--reruns={selection.reruns}", "--reruns-delay=1"] if selection.reruns else []
        report = ["-p", "suite.pytest_report", f"--outcomes={outcomes}", "-q"]
        done = subprocess.run(
            [PYTHON, *launcher, "pytest", *report, *reruns, *keyword, *options, *selection.folders],
            cwd=checkout.ROOT,
            check=False,
        )
        totals = _read(outcomes)
    # 5: no test was selected. Others without a failed test: pytest itself broke.
    if done.returncode not in {0, 5} and not totals.failed:
        return totals.with_failed([f"pytest (exit code {done.returncode})"])
    return totals


def _read(file: Path) -> Totals:
    if not file.exists():
        return Totals()
    found = json.loads(file.read_text(encoding="utf-8"))
    return Totals(**{name: frozenset(tests) for name, tests in found.items()})


def _coverage(*arguments: str) -> int:
    command = [PYTHON, "-m", "coverage", *arguments]
    return subprocess.run(command, cwd=checkout.ROOT, check=False).returncode
