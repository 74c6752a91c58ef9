"""A missing or damaged file of ours gets its bytes back: from an arrival, or from a backup copy.

It is published like every original. What stood in its place is kept aside, nothing is deleted.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from datetime import datetime

from sqlalchemy import orm

from librarian import record_writing
from librarian.originals import Originals
from librarian.repository import originals as original_rows
from librarian.repository import reconciling, surveying
from librarian.repository.reconciling import Copy, Expected
from librarian.repository.surveying import Verdict
from shared import errors, event_log, events, faults, ledger
from shared.database import Database
from shared.disk import disk_space, publish
from shared.stages import stages


@dataclasses.dataclass(frozen=True, slots=True)
class Fresh:
    """A temporary file that holds the right bytes, and where they come from, in words."""

    temporary: bytes | None
    origin: str


def heal(
    database: Database, originals: Originals, wanted: Expected, fresh: Fresh, now: datetime
) -> str | None:
    """Publish fresh bytes; why that was needed, None if it was not.

    A photo that was removed is back in the library then; without a temporary file nothing is
    published, and the photo is back if its original is sound.

    Raises:
        TransientError: The asset changes just now.
        OSError: The disk refuses; either the old or the new bytes stand at the path, or none.
    """
    with original_rows.locked(database, wanted.asset_id):
        with database.read() as session:
            if not reconciling.is_expected(session, originals.root_id, wanted):
                raise errors.TransientError(f"{wanted.relative_path} changed while it was healed")
        if is_sound(originals, wanted, is_read=True):
            why = "the original was removed, and is there again" if wanted.is_removed else None
        elif fresh.temporary is None:
            raise errors.TransientError(f"{wanted.relative_path} changed while it was looked at")
        else:
            why = _publish(originals, wanted, fresh.temporary)
        if why is not None:
            # The whole folder may have been lost, and its record with it.
            tell = functools.partial(_tell, wanted=wanted, why=why, origin=fresh.origin, now=now)
            database.run(tell)
            record_writing.write_ledgers_view(database, originals, [wanted.asset_id])
    return why


def restore(
    database: Database, originals: Originals, wanted: Expected, now: datetime
) -> tuple[str, str] | None:
    """Heal a file from the first backup copy that has its content; (target, why) if one had.

    Raises:
        DependencyError: The disk of the originals is too full.
        TransientError, OSError: As `heal`.
    """
    with database.read() as session:
        copies = reconciling.copies(session, wanted)
    disk_space.check(originals.folder.fd, disk_space.Purpose.FILING, needed_bytes=wanted.size_bytes)
    for copy in copies:
        temporary = originals.new_temporary_name()
        try:
            if _fetch(originals, copy, temporary) == (wanted.file_hash, wanted.size_bytes):
                why = heal(database, originals, wanted, Fresh(temporary, copy.target), now)
                return copy.target, why or "it is sound"
        finally:
            originals.discard(temporary)
    return None


def is_sound(originals: Originals, wanted: Expected, *, is_read: bool) -> bool:
    """Whether the file is there; with `is_read`, whether its bytes are the right ones."""
    try:
        if not is_read:
            return originals.size_at(wanted.relative_path) == wanted.size_bytes
        return originals.hash_at(wanted.relative_path) == (wanted.file_hash, wanted.size_bytes)
    except OSError:
        return False


def trouble_of(copy: Copy, wanted: Expected) -> str | None:
    """Why a file cannot be had from a copy, as far as a look without reading tells; else None."""
    try:
        with copy.root.open(is_for_writing=False) as target:
            descriptor = target.open_file(os.fsencode(copy.relative_path))
    except FileNotFoundError:
        return "gone"
    except (OSError, errors.PhotoFactoryError) as error:
        return str(error)
    try:
        is_whole = os.fstat(descriptor).st_size == wanted.size_bytes
    finally:
        os.close(descriptor)
    return None if is_whole else "its size has changed"


def _publish(originals: Originals, wanted: Expected, temporary: bytes) -> str:
    why = "the original was removed" if wanted.is_removed else "the original was missing"
    originals.sync_temporary(temporary)
    if originals.is_taken(wanted.relative_path):
        aside = originals.set_aside(wanted.relative_path)
        why = f"the original was damaged; its bytes are {aside}"
    faults.point("heal.aside")
    originals.publish(temporary, wanted.relative_path)
    return why


def _fetch(originals: Originals, copy: Copy, temporary: bytes) -> tuple[str, int] | None:
    """Copy a backup copy into the temporary folder: hash and size; None if it cannot be had."""
    try:
        with copy.root.open(is_for_writing=False) as target:
            source = target.open_file(os.fsencode(copy.relative_path))
    except (OSError, errors.PhotoFactoryError):
        return None  # the target is away, or the copy gone
    try:
        written = publish.create_temporary(originals.temporary_fd, temporary)
        try:
            found = publish.copy_into(source, written, hashlib.sha256())
            seen = os.fstat(source)
            os.utime(written, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        finally:
            os.close(written)
    except OSError:
        return None
    finally:
        os.close(source)
    return found


def _tell(session: orm.Session, wanted: Expected, why: str, origin: str, now: datetime) -> None:
    """The photo is sound again: its damage is forgotten, and failed stages have another try."""
    if wanted.is_removed:
        original_rows.set_removed(session, wanted.asset_id, None)
    if wanted.is_original:
        verdict = Verdict(wanted.asset_id, wanted.relative_path, None)
        surveying.note(session, [verdict], now)
    for stage in stages.BY_NAME:
        ledger.retry(session, stage, now=now, asset_ids=[wanted.asset_id])
    healed = events.AssetHealedV1(
        asset_id=wanted.asset_id,
        revision=ledger.lock(session, [wanted.asset_id])[wanted.asset_id],
        relative_path=wanted.relative_path,
        healed_from=origin,
        reason=why,
    )
    event_log.append(session, [healed], now=now)
