"""A small factory for tests of filing: an inbox, originals, their ledger, and a filer."""

import contextlib
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from librarian import inbox, scanner
from librarian.arrivals import Claimed, Found, Mode, Outcome, Source
from librarian.domain.facts import Facts
from librarian.filer import Filer
from librarian.filing import FactsReader
from librarian.reader_child import facts_of
from librarian.repository import occurrences, sources
from shared import models
from shared.clock import SystemClock
from shared.database import Database
from shared.disk import folders, mass_change, root_folder
from shared.disk.mass_change import Thresholds
from shared.ownership import Owner


class DirectReader:
    """Reads facts without a child process: these tests make their photos themselves."""

    def read(self, fd: int, name: str) -> Facts:
        """The facts of an open file."""
        return facts_of(fd)


@dataclass
class Factory:
    """Folders and ledger of one test; `file` does what the librarian's loops do."""

    inbox: Path
    originals: Path
    source_id: uuid.UUID
    database: Database

    def source(self) -> Source:
        """The inbox as the librarian knows it."""
        with self.database.read() as session:
            return sources.by_id(session, self.source_id)

    def drop(self, name: str, content: bytes) -> Path:
        """Put a file into the inbox."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def found(self) -> list[Found]:
        """Every file that the inbox shows."""
        descriptor = folders.open_root(str(self.inbox))
        try:
            return [met for met in scanner.walk(descriptor) if isinstance(met, Found)]
        finally:
            os.close(descriptor)

    def claim(self, owner: int) -> list[Claimed]:
        """Claim every file of the inbox that is not settled."""
        source = self.source()
        asking = occurrences.Asking(source, source.mode, owner, SystemClock().now())
        found = self.found()
        with self.database.transaction() as session:
            known = occurrences.known(session, asking, found)
            new = [file for file in found if file.path not in known]
            return occurrences.claim(session, asking, new, lambda _: True)

    def file(self, filer: Filer | None = None) -> Sequence[Outcome]:
        """One round of the librarian: finish what is interrupted, claim, file, give turns."""
        with contextlib.ExitStack() as opened:
            filer = filer or opened.enter_context(self.filer())
            descriptor = folders.open_root(str(self.inbox))
            opened.callback(os.close, descriptor)
            filer.recover(self.source(), descriptor)
            outcomes = filer.file(self.claim(filer.means.owner.id), descriptor)
        now = SystemClock().now()
        self.database.run(lambda session: inbox.give_turns(session, outcomes, now))
        return outcomes

    @contextlib.contextmanager
    def filer(
        self, reader: FactsReader | None = None, brake: Thresholds = mass_change.USUAL
    ) -> Iterator[Filer]:
        """A filer that lives as long as the block."""
        with Owner(self.database) as owner:
            filer = Filer(self.database, owner, reader or DirectReader(), SystemClock(), brake)
            try:
                yield filer
            finally:
                filer.close()

    def time_passes(self) -> None:
        """Let the next try of everything that waits be due."""
        self.change("update files set next_attempt_at = null")

    def rows(self, query: str, **values: object) -> list[Any]:
        """The rows of a query."""
        with self.database.read() as session:
            return list(session.execute(sa.text(query), values))

    def change(self, statement: str) -> None:
        """Change the ledger behind the librarian's back."""
        with self.database.transaction() as session:
            session.execute(sa.text(statement))

    def names(self) -> list[str]:
        """Every original on the disk, relative to their root, sorted."""
        return sorted(
            str(path.relative_to(self.originals))
            for path in self.originals.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.parts)
        )

    def outcomes(self) -> dict[str, str | None]:
        """The outcome of the newest row of every path."""
        rows = self.rows("select display_path, outcome from files order by first_seen_at, id")
        return {row.display_path: row.outcome for row in rows}

    def events(self, topic: str) -> int:
        """How many events of a topic there are."""
        [row] = self.rows("select count(*) as n from event_log where topic = :topic", topic=topic)
        return int(row.n)


def make(database: Database, folder: Path, mode: Mode = "move") -> Factory:
    """A factory below `folder`: Photos_Inbox and Originals, both known to the ledger."""
    inbox, originals = folder / "Photos_Inbox", folder / "Originals"
    inbox.mkdir()
    with database.transaction() as session:
        ledger_id = session.scalars(sa.select(models.Ledger.ledger_id)).one()
        new = root_folder.mark(str(originals), "originals", ledger_id)
        arrival = root_folder.recognise(str(inbox))
        session.add_all(
            [
                models.Root(
                    id=root.known.id,
                    kind=kind,
                    path=root.known.path,
                    root_key=root.known.key,
                    is_marked=kind == "originals",
                )
                for root, kind in ((new, "originals"), (arrival, "inbox"))
            ]
        )
        session.flush()
        catalog = models.Catalog(name="Library", root_id=new.known.id)
        session.add(catalog)
        session.flush()
        source = models.Source(
            catalog_id=catalog.id,
            root_id=arrival.known.id,
            name="Photos_Inbox",
            source_path=str(inbox),
            auto_import=True,
            default_import_mode=mode,
        )
        session.add(source)
        session.flush()
        return Factory(inbox, originals, source.id, database)
