"""The librarian alone, as a process, on the factory of a test."""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from factories import Factory
from waiting import until

LIMIT_S = 120.0


class RunningLibrarian:
    """Runs from the beginning of the block to its end; several may run on one factory."""

    def __init__(self, factory: Factory, folder: Path) -> None:
        """Keep its log and its port in ``folder``."""
        self._factory = factory
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def said(self) -> str:
        """Return its log."""
        return (self._folder / "librarian.log").read_text()

    def __enter__(self) -> Self:
        """Start it, and wait until its loops run."""
        self._folder.mkdir(parents=True, exist_ok=True)
        given = os.environ  # noqa: TID251  it is handed on
        # Tracing every line would only make it slow: what it does is measured elsewhere, too.
        kept = {name: value for name, value in given.items() if not name.startswith("COV")}
        own = {
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PHOTOFACTORY_DATABASE_URL": self._factory.database.url,
            "PHOTOFACTORY_RUN_FOLDER": str(self._folder),
        }
        with (self._folder / "librarian.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "librarian.main"], env=kept | own, stdout=log, stderr=log
            )
        until(self._is_started, within_s=LIMIT_S, what="librarian started")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ask it to end; it has to do so by itself."""
        assert self._process is not None
        self._process.terminate()
        try:
            code = self._process.wait(LIMIT_S)
        finally:
            self._process.kill()
        if error is None:
            assert code == 0, self.said()
        else:
            error.add_note(self.said()[-5_000:])

    def _is_started(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.said()
        return "service.started" in self.said()
