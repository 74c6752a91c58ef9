"""What a rebuild shows: a bar with rate and time left, then the balance."""

from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from librarian.rebuilding.balance import Balance
from suite import terminal

LISTED: Final = 20
KEPT: Final = 1_000
"""How many names the ledger keeps of what needs a look."""


class Bar:
    """Implements `Told` on the terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            transient=True,
        )
        self._task = self._progress.add_task("looking", total=None)
        self._files = self._done = 0

    def found(self, files: int, size_bytes: int) -> None:
        """There is so much to do in all."""
        self._files = files
        self._progress.update(self._task, total=size_bytes)

    def passed(self, files: int, size_bytes: int) -> None:
        """So much more is done."""
        self._done += files
        words = f"{self._done} of {self._files} files"
        self._progress.update(self._task, advance=size_bytes, description=words)

    def __enter__(self) -> Self:
        """Show it."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take it away."""
        self._progress.stop()


def show(balance: Balance) -> int:
    """Print the balance and what needs a look; 1 if anything does."""
    console = terminal.console()
    parts = [f"{number} {name}" for name, number in sorted(balance.outcomes.items()) if number]
    console.print(f"{balance.outcomes.total()} files found = {' + '.join(parts) or '0'}")
    _list(console, [f"{path}: {reason}" for path, reason in balance.troubles])
    if balance.missing:
        console.print(f"{len(balance.missing)} recorded files are missing:")
        _list(console, balance.missing)
    console.print("The ledger is complete; ./photofactory up starts the factory.")
    return 1 if balance.troubles or balance.missing else 0


def summary(balance: Balance) -> dict[str, Any]:
    """Return the balance as the result of the rebuild's job."""
    return {
        "outcomes": dict(balance.outcomes),
        "troubles": balance.troubles[:KEPT],
        "missing": balance.missing[:KEPT],
    }


def _list(console: Console, lines: list[str]) -> None:
    for line in lines[:LISTED]:
        console.print(f"  {terminal.plain(line)}", markup=False)
    if len(lines) > LISTED:
        console.print(f"  … and {len(lines) - LISTED} more")
