"""A disk that goes away at an exact instant, and an empty folder that is left in its place.

Instead of a fault, whatever a test says happens at a `faults.point`: that is what "under load"
means, without a race that only sometimes happens.
"""

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol
from unittest import mock

from shared import faults


class Disk(Protocol):
    """Something that may be unmounted and mounted again."""

    path: Path

    def unmount(self) -> None:
        """Leave an empty folder behind."""

    def mount(self) -> None:
        """Bring it back."""


@dataclass
class RenamedDisk:
    """For a program an unmounted disk looks like this: its folder is another, empty one."""

    path: Path

    def unmount(self) -> None:
        """Replace the folder by an empty one."""
        self.path.rename(self.path.with_name(f"{self.path.name} unmounted"))
        self.path.mkdir()

    def mount(self) -> None:
        """Put the folder back; fails if anything was written in its place."""
        self.path.rmdir()
        self.path.with_name(f"{self.path.name} unmounted").rename(self.path)


@dataclass
class BoundDisk:
    """A mount in a namespace of our own: `disk` is shown at `path` and lazily unmounted."""

    disk: Path
    path: Path

    def unmount(self) -> None:
        """Unmount it although it is in use, as a person does who is in a hurry."""
        subprocess.run(["umount", "-l", str(self.path)], check=True)

    def mount(self) -> None:
        """Mount it; fails if anything was written below it."""
        assert not any(self.path.iterdir())
        subprocess.run(["mount", "--bind", str(self.disk), str(self.path)], check=True)


class At(AbstractContextManager["At"]):
    """Does something once, when a fault point is met; `has_happened` says whether it was."""

    def __init__(self, point: str, action: Callable[[], None]) -> None:
        self._point = point
        self._action = action
        self._pass = faults.point
        self._patch = mock.patch.object(faults, "point", self._met)
        self.has_happened = False

    def _met(self, name: str) -> None:
        if name == self._point and not self.has_happened:
            self.has_happened = True
            self._action()
        self._pass(name)

    def __enter__(self) -> "At":
        """Lie in wait."""
        self._patch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave."""
        self._patch.stop()
