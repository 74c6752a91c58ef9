"""An original and its sidecars move to another dated folder, and no instant loses them.

Journal the new names -> give them (hard links: both names stand) -> one transaction for row, links
and event -> line in the new folder's record -> take the old names away. Whoever comes after a
crash goes on where the journal and the row say. Where hard links do not work the file is renamed,
never replacing anything. Nothing is copied.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import exc, orm

from librarian import placing, record_writing
from librarian.domain import naming
from librarian.originals import Originals
from librarian.placing import Wish
from librarian.repository import filings, folder_records, pairs
from librarian.repository import originals as original_rows
from librarian.repository import redating as rows
from librarian.repository.redating import Standing
from shared import errors, event_log, events, faults, ledger
from shared.clock import Clock
from shared.database import Database
from shared.disk import publish

log = structlog.get_logger()

Moves = list[tuple[str, str]]
TRIES: Final = 100


class StaysError(errors.PermanentError):
    """The original cannot move; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Mover:
    """Moves originals of one opened root for one job."""

    database: Database
    originals: Originals
    clock: Clock
    job_id: UUID
    reason: str = "redated"

    def move(self, asset_id: UUID, after: Mapping[str, Any]) -> None:
        """Bring the original of a planned item where it says; nothing if it is there.

        Raises:
            StaysError: The original is gone, or no name is free; nothing has changed.
            TransientError: Somebody took its name meanwhile; to be tried again.
        """
        with original_rows.locked(self.database, asset_id):
            now = self._standing(asset_id)
            moves = [(old, new) for old, new in after.get("moves") or ()]
            if not moves or now.relative_path not in moves[0]:
                wish = wish_of(now, after)
                if wish is None:
                    return
                moves = self._reserve(now, wish)
            if now.relative_path == moves[0][0]:
                moves = self._give_names(now, moves, wish_of(now, after))
                self._record(now, moves)
            self._tidy(asset_id, moves)

    def _standing(self, asset_id: UUID) -> Standing:
        with self.database.read() as session:
            return rows.standing(session, [asset_id])[asset_id]

    def _reserve(self, now: Standing, wish: Wish, taken: Collection[str] = ()) -> Moves:
        """Free names for the original and its sidecars, journalled before they are used."""

        def choose(session: orm.Session) -> Moves:
            moves = self._choose(session, now, wish, taken)
            rows.journal(session, self.job_id, now.asset_id, moves)
            return moves

        moves = self.database.run(choose)
        faults.point("move.reserved")
        return moves

    def _choose(
        self, session: orm.Session, now: Standing, wish: Wish, taken: Collection[str]
    ) -> Moves:
        def taken_of(keys: Collection[str]) -> set[str]:
            return filings.taken_keys(session, self.originals.root_id, keys) | set(taken)

        [place] = placing.choose([wish], taken_of)
        moves = [(str(now.relative_path), place.relative_path)]
        old_name = moves[0][0].rpartition("/")[2]
        beside = [
            Wish(wish.folder, os.fsencode(beside_name(each.relative_path, old_name, place.name)))
            for each in now.sidecars
        ]
        places = placing.choose(beside, taken_of) if beside else []
        olds = [each.relative_path for each in now.sidecars]
        return moves + [(old, at.relative_path) for old, at in zip(olds, places, strict=True)]

    def _give_names(self, now: Standing, moves: Moves, wish: Wish | None) -> Moves:
        """Every file stands under its new name; under another one where that is taken."""
        taken: set[str] = set()
        while (clash := self._first_clash(now, moves)) is not None:
            self._withdraw(now, moves)
            taken.add(naming.path_key(clash))
            if wish is None or len(taken) > TRIES:
                raise StaysError(f"no free name for {now.relative_path}")
            moves = self._reserve(now, wish, taken)
        faults.point("move.named")
        return moves

    def _first_clash(self, now: Standing, moves: Moves) -> str | None:
        """The first new name that belongs to another file; None when all files have theirs."""
        try:
            for old, new in moves:
                if not self._has_name(now, old, new):
                    return new
        except (errors.PermanentError, publish.AcrossMountsError) as error:
            self._withdraw(now, moves)
            raise StaysError(str(error)) from error
        except OSError as error:
            raise errors.DependencyError("originals", f"cannot move: {error}") from error
        return None

    def _has_name(self, now: Standing, old: str, new: str) -> bool:
        """Give a file its new name; False if another file has it. A lost sidecar stays lost."""
        try:
            self.originals.give_name(old, new)
        except publish.NameTakenError:
            return False
        except FileNotFoundError as error:
            is_original = old == now.relative_path
            # Where links do not work a crash leaves the renamed file under its new name alone.
            if is_original and self.originals.hash_at(new) != (now.file_hash, now.size_bytes):
                raise StaysError(f"{old} is not there") from error
        faults.point("move.linked")
        return True

    def _withdraw(self, now: Standing, moves: Moves) -> None:
        """Take new names back that are not recorded; a file that was renamed gets its old name.

        Where the old name is gone, the new one may be another file's: its bytes tell.
        """
        contents = now.contents()
        for old, new in moves:
            if self.originals.size_at(old) is not None:
                self.originals.drop_name(new, old)
            elif old in contents and self.originals.hash_at(new) == contents[old]:
                self.originals.give_name(new, old)
                self.originals.drop_name(new, old)

    def _record(self, now: Standing, moves: Moves) -> None:
        """Row, links and event tell the new paths, in one transaction."""
        try:
            self.database.run(lambda session: self._write(session, now, dict(moves)))
        except (exc.IntegrityError, errors.TransientError) as error:
            self._withdraw(now, moves)
            self.database.run(lambda session: rows.journal(session, self.job_id, now.asset_id, []))
            raise errors.TransientError(f"{now.relative_path}: not recorded: {error}") from error
        faults.point("move.recorded")

    def _write(self, session: orm.Session, now: Standing, paths: Mapping[str, str]) -> None:
        ledger.lock(session, [now.asset_id])
        if rows.standing(session, [now.asset_id])[now.asset_id] != now:
            raise errors.TransientError(f"{now.relative_path} changed while it was moved")
        revision = rows.relocate(session, now, paths)
        if now.sidecars:  # their copies belong beside them
            ledger.clear(session, "backed_up", [now.asset_id], now=self.clock.now())
        moved = events.AssetMovedV1(
            asset_id=now.asset_id,
            revision=revision,
            relative_path_before=now.relative_path,
            relative_path=paths[str(now.relative_path)],
            reason=self.reason,
            job_id=self.job_id,
        )
        event_log.append(session, [moved], now=self.clock.now())
        pairs.gather(session, [now.asset_id], self.clock.now())

    def _tidy(self, asset_id: UUID, moves: Moves) -> None:
        """The new folder's record tells of the asset, the old one's that it left; old names go."""
        with self.database.read() as session:
            record = folder_records.load(session, [asset_id])[asset_id]
        folder = moves[0][1].rpartition("/")[0]
        record_writing.append(self.database, self.originals, folder, [record.to_line()])
        faults.point("move.told")
        for old, new in moves:
            if not self.originals.drop_name(old, new):
                log.warning("original.old_name_kept", path=old, moved_to=new)
        faults.point("move.old_names_gone")
        left = moves[0][0].rpartition("/")[0]
        if left != folder and not self.originals.remove_emptied(left):
            gone = dataclasses.replace(record, name=None)
            record_writing.append(self.database, self.originals, left, [gone.to_line()])
        log.info("original.moved", asset_id=str(asset_id), path=moves[0][1], was=moves[0][0])


def wish_of(now: Standing, after: Mapping[str, Any]) -> Wish | None:
    """Where a planned item's original should go; None if it is right where it is.

    An undo names the path, for it knows the very name; a redate names the folder.
    """
    if now.relative_path is None:
        return None
    if after.get("path"):
        folder, _, name = str(after["path"]).rpartition("/")
        return None if after["path"] == now.relative_path else Wish(folder, os.fsencode(name))
    wanted = after.get("folder")
    folder, _, name = now.relative_path.rpartition("/")
    if not wanted or wanted == folder:
        return None
    received = now.received_name or os.fsencode(name)
    return Wish(str(wanted), received.rpartition(b"/")[2])


def beside_name(sidecar_path: str, old_name: str, new_name: str) -> str:
    """The name of a sidecar beside a photo's new name: what followed the old one follows it."""
    name = sidecar_path.rpartition("/")[2]
    return new_name + name[len(old_name) :] if name.startswith(old_name) else name
