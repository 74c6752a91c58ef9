"""The slow look: are all originals still there? Only `stat` is asked, and nobody reacts in haste.

A few that are missing are named. Many at once are no fact about photos but about disks: the root
is frozen until a person has looked (guarantee G7).
"""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Iterator
from typing import Final, Self
from uuid import UUID

import structlog

from librarian.repository import surveying
from librarian.repository.surveying import Expected, Verdict
from shared.clock import Clock
from shared.database import Database
from shared.disk import damages, folders, mass_change, roots
from shared.disk.mass_change import Counts, Thresholds
from shared.disk.root_folder import KnownRoot, RootFolder
from shared.errors import DependencyError

log = structlog.get_logger()

EXAMPLES: Final = 20


@dataclasses.dataclass(slots=True)
class Look:
    """What a survey found: originals in all, those newly missing or changed, those back again."""

    known: int = 0
    vanished: int = 0
    changed: int = 0
    returned: int = 0
    noted: int = 0
    """Missing or changed, and known to be so since an earlier survey."""
    examples: list[str] = dataclasses.field(default_factory=list)

    @property
    def counts(self) -> Counts:
        """For the brake: what is new alone."""
        return Counts(self.known - self.noted, vanished=self.vanished, changed=self.changed)

    @property
    def news(self) -> int:
        """How many originals are not as the ledger has it."""
        return self.vanished + self.changed + self.returned

    def add(self, expected: Expected, verdict: Verdict) -> None:
        """Count one original."""
        self.known += 1
        if not is_news(expected, verdict):
            self.noted += verdict.damage is not None
            return
        if verdict.damage is None:
            self.returned += 1
            return
        self.vanished += verdict.damage == damages.MISSING
        self.changed += verdict.damage == damages.CHANGED
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{expected.relative_path}: {verdict.damage}")


class Survey:
    """Surveys one root of originals."""

    def __init__(self, database: Database, root: KnownRoot, clock: Clock) -> None:
        self._database = database
        self._root = root
        self._clock = clock

    def run(self, thresholds: Thresholds = mass_change.USUAL) -> Look:
        """Look, then freeze the root, or note the few; a root that is frozen is only looked at.

        Raises DependencyError while the root is not there.
        """
        look = self.look()
        if self._root.frozen_reason is not None:
            return look
        reason = mass_change.reason_to_freeze(look.counts, thresholds)
        if reason is not None:
            self._database.run(lambda session: roots.freeze(session, self._root.id, reason))
        elif look.news:
            self.note(at_most=look.news)
        return look

    def look(self) -> Look:
        """Compare every original with the disk."""
        look = Look()
        with self._root.open(is_for_writing=False) as folder:
            for expected, verdict in self._compared(folder):
                look.add(expected, verdict)
            self._check_mount()
        return look

    def note(self, at_most: int) -> None:
        """Look again and store what differs, page by page.

        Raises DependencyError when more differs than `at_most`: the disk changes meanwhile.
        """
        with self._root.open(is_for_writing=False) as folder:
            news: list[Verdict] = []
            left = at_most
            for expected, verdict in self._compared(folder):
                if is_news(expected, verdict):
                    news.append(verdict)
                    left -= 1
                if left < 0:
                    raise DependencyError(f"root {self._root.path}", "changes while it is surveyed")
                if len(news) == surveying.PAGE:
                    self._store(news)
                    news = []
            self._check_mount()
            self._store(news)

    def _store(self, news: list[Verdict]) -> None:
        for each in news:
            log.warning("asset.surveyed", path=each.relative_path, damage=each.damage)
        now = self._clock.now()
        self._database.run(lambda session: surveying.note(session, news, now))

    def _compared(self, folder: RootFolder) -> Iterator[tuple[Expected, Verdict]]:
        after = ""
        with _Sizes(folder) as sizes:
            while True:
                with self._database.read() as session:
                    page = surveying.page(session, self._root.id, after)
                if not page:
                    return
                yield from self._judged(page, sizes)
                after = page[-1].path_key

    def _judged(self, page: list[Expected], sizes: _Sizes) -> Iterator[tuple[Expected, Verdict]]:
        """Only an unchanged row means damage: what was moved meanwhile is looked at again."""
        judged = [(each, _judge(each, sizes)) for each in page]
        suspects = [each.asset_id for each, verdict in judged if verdict.damage is not None]
        present: dict[UUID, Expected] = {}
        if suspects:
            with self._database.read() as session:
                present = surveying.present(session, self._root.id, suspects)
        for each, verdict in judged:
            now = each if verdict.damage is None else present.get(each.asset_id)
            if now is not None:
                yield now, verdict if now == each else _judge(now, sizes)

    def _check_mount(self) -> None:
        """Raise DependencyError unless the root is still where it was when we opened it."""
        self._root.open(is_for_writing=False).close()


class _Sizes:
    """Sizes of files by path; the folder of the last one stays open."""

    def __init__(self, root: RootFolder) -> None:
        self._root = root
        self._path: bytes | None = None
        self._fd: int | None = None

    def of(self, relative_path: str) -> int | None:
        """The size of the regular file at a path, None if there is none; raises OSError."""
        folder, name = os.path.split(os.fsencode(relative_path))
        if folder != self._path:
            self._enter(folder)
        if self._fd is None:
            return None
        try:
            found = os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the folder."""
        self._leave()

    def _enter(self, folder: bytes) -> None:
        self._leave()
        try:
            self._fd = self._root.open_folder(folder)
        except (FileNotFoundError, folders.UnusablePathError):
            self._fd = None
        self._path = folder

    def _leave(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
        self._path = self._fd = None


def is_news(expected: Expected, verdict: Verdict) -> bool:
    """Whether the ledger says something else than the disk."""
    noted = expected.damage if expected.damage in damages.FOUND_BY_SURVEY else None
    return noted != verdict.damage


def _judge(expected: Expected, sizes: _Sizes) -> Verdict:
    try:
        size_bytes = sizes.of(expected.relative_path)
    except OSError as error:  # the disk fails: that says nothing about the photo
        raise DependencyError("originals", f"{expected.relative_path}: {error}") from error
    damage = None
    if size_bytes is None:
        damage = damages.MISSING
    elif size_bytes != expected.size_bytes:
        damage = damages.CHANGED
    return Verdict(expected.asset_id, expected.relative_path, damage)
