"""An inbox in copy mode with very many files, and what one scan of it by the librarian costs.

Run as ``python -m scanning URL FOLDER SOURCE_ID SCANS``: scans in a process of its own, files
nothing, and prints what `Told` holds.
"""

import dataclasses
import json
import os
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psycopg

import memory
from factories import Factory
from hand_clock import GoingOn, HandClock
from librarian import inbox
from librarian.arrivals import Claimed, Outcome, Source
from librarian.desk import Desk
from shared import logs
from shared.database import Database

PER_FOLDER = 1_000
PAUSE_S = 3_600.0


@dataclasses.dataclass(frozen=True)
class Told:
    """What the scans found and cost: what they opened, and how many files were to be filed."""

    peak_mib: float
    best_s: float
    folders_opened: int
    files_opened: int
    offered: int
    waiting: int


def make_files(factory: Factory, numbers: range) -> None:
    """Empty files, a thousand in each folder."""
    for start in range(numbers.start, numbers.stop, PER_FOLDER):
        folder = factory.inbox / f"DCIM/{start // PER_FOLDER:05}"
        folder.mkdir(parents=True)
        folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        for number in range(start, min(start + PER_FOLDER, numbers.stop)):
            os.mknod(f"IMG_{number:07}.jpg", stat.S_IFREG | 0o644, dir_fd=folder_fd)
        os.close(folder_fd)


def make_known(factory: Factory) -> int:
    """Give every file the row of one that is filed; how many they are."""
    columns = "id, source_id, path, display_path, original_name, size_bytes, mtime_ns"
    command = f"copy files ({columns}, outcome, decided_at) from stdin"
    found = factory.found()
    with psycopg.connect(factory.database.url, autocommit=True) as connection:
        with connection.cursor() as cursor, cursor.copy(command.encode()) as copy:
            for file in found:
                name = file.path.decode()
                row = (uuid.uuid4(), factory.source_id, file.path, name, name)
                copy.write_row((*row, file.size, file.mtime_ns, "filed", "now"))
        connection.execute("vacuum analyze files")
    return len(found)


def scan(factory: Factory, scans: int) -> Told:
    """What scans cost a process that does nothing else."""
    done = subprocess.run(
        [sys.executable, "-m", "scanning", factory.database.url, str(factory.inbox.parent),
         str(factory.source_id), str(scans)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},  # noqa: TID251  handed on
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )  # fmt: skip
    return Told(**json.loads(done.stdout.splitlines()[-1]))


class _NoFiling:
    """Counts what it is offered and decides nothing."""

    offered = 0

    def file(self, batch: Sequence[Claimed], source_fd: int) -> Sequence[Outcome]:
        self.offered += len(batch)
        return []

    def recover(self, source: Source, source_fd: int) -> None:
        pass

    def remove_recorded(
        self, source: Source, source_fd: int, file_ids: Sequence[uuid.UUID]
    ) -> None:
        pass


def _scan(factory: Factory, scans: int) -> Told:
    filing, clock = _NoFiling(), HandClock()
    desk = Desk(factory.database, filing, clock, 1, GoingOn())
    box = inbox.Inbox(factory.source(), desk, threading.Event())
    opened = Counter[bool]()
    took_s: list[float] = []

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], bytes):  # nothing else has paths of bytes
            opened[arguments[0].endswith(b".jpg")] += 1

    sys.addaudithook(note)  # Python tells of every file that it opens
    for _ in range(scans):
        clock.pass_by(PAUSE_S)
        began = time.perf_counter()
        box.visit()
        took_s.append(time.perf_counter() - began)
    box.close()
    [row] = factory.rows("select waiting from sources where id = :id", id=factory.source_id)
    return Told(
        peak_mib=memory.peak_mib(),
        best_s=min(took_s),
        folders_opened=opened[False],
        files_opened=opened[True],
        offered=filing.offered,
        waiting=row.waiting,
    )


def main(arguments: list[str]) -> None:
    url, folder, source_id, scans = arguments
    logs.configure("scanning", "WARNING")
    with Database(url, application_name="scanning") as database:
        base = Path(folder)
        factory = Factory(base / "Photos_Inbox", base / "Originals", uuid.UUID(source_id), database)
        told = _scan(factory, int(scans))
    sys.stdout.write(f"{json.dumps(dataclasses.asdict(told))}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
