"""Photos that belong together: Live and Motion Photos, RAW and JPEG, a cut and a whole picture."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import orm

from librarian import arrivals
from librarian.domain import links as rules
from librarian.domain.links import LinkKind, Member
from librarian.originals import Originals
from librarian.repository import links
from librarian.repository.links import Relative
from librarian.reserving import Reserved
from shared.database import Database

KINDS: Final = {
    LinkKind.LIVE: "live_photo",
    LinkKind.MOTION: "motion_photo",
    LinkKind.RAW_JPEG: "raw_jpeg",
}


def link(database: Database, originals: Originals, recorded: Sequence[Reserved]) -> set[UUID]:
    """Link what was just recorded, and wake the companions that wait; assets with a new link."""
    asset_ids = [one.filing.asset_id for one in recorded]
    with database.read() as session:
        candidates = links.damaged_like(session, asset_ids)
    paths = {one.filing.asset_id: one.filing.relative_path for one in recorded}
    whole = whole_pictures(candidates, originals, paths)
    source_id = recorded[0].staged.claimed.source.id
    starts = {_stem(one).rstrip(b".") for one in recorded}

    def write(session: orm.Session) -> set[UUID]:
        links.wake_waiting(session, source_id, starts, arrivals.WAITING_FOR_PHOTO)
        return link_pairs(session, recorded) | {
            damaged
            for damaged, complete in whole
            if links.link(session, "complete", damaged, complete, "same first bytes")
        }

    return database.run(write)


def link_pairs(session: orm.Session, recorded: Sequence[Reserved]) -> set[UUID]:
    """Link what was just recorded with its partners; the assets that hold a new link."""
    if not recorded:
        return set()
    source_id = recorded[0].staged.claimed.source.id
    near: dict[bytes, list[Relative]] = {}
    for each in links.named_like(session, source_id, map(_stem, recorded)):
        near.setdefault(_beginning(each.path), []).append(each)
    identified = links.with_identifiers(session, filter(None, map(_identifier, recorded)))
    linked: set[UUID] = set()
    for one in recorded:
        for partner in [*near.get(_stem(one), ()), *identified]:
            found = _pair(one, partner)
            if found and links.link(session, *found):
                linked.add(found[1])
    return linked


def whole_pictures(
    candidates: Sequence[tuple[links.Sibling, links.Sibling]],
    originals: Originals,
    paths: Mapping[UUID, str],
) -> list[tuple[UUID, UUID]]:
    """Of pairs of a damaged and a longer asset those where the one is the other's beginning."""
    return [
        (damaged.asset_id, complete.asset_id)
        for damaged, complete in candidates
        if _hash_of_beginning(originals, paths[complete.asset_id], damaged.size_bytes)
        == damaged.file_hash
    ]


def _pair(one: Reserved, partner: Relative) -> tuple[str, UUID, UUID, str] | None:
    """Kind, asset, linked asset and evidence of the link of two files, if they are a pair."""
    own_id = one.filing.asset_id
    if partner.asset_id in {None, own_id} or partner.media_type is None:
        return None
    own_folder, _, own_name = one.staged.claimed.found.path.rpartition(b"/")
    folder, _, name = partner.path.rpartition(b"/")
    own = Member(os.fsdecode(own_name), one.staged.kind.media_type, _identifier(one))
    other = Member(os.fsdecode(name), partner.media_type, partner.live_photo_id)
    found = rules.between(own, other)
    if found is None or (not found.is_certain and own_folder != folder):
        return None
    assert partner.asset_id is not None  # noqa: S101  said above
    ids = (own_id, partner.asset_id) if found.picture is own else (partner.asset_id, own_id)
    return KINDS[found.kind], *ids, found.evidence


def _identifier(one: Reserved) -> str | None:
    value = one.filing.record["asset"]["metadata"].get("live_photo_id")
    return value if isinstance(value, str) else None


def _stem(one: Reserved) -> bytes:
    return _beginning(one.staged.claimed.found.path)


def _beginning(path: bytes) -> bytes:
    """What the paths of all partners by name begin with."""
    folder, slash, name = path.rpartition(b"/")
    return folder + slash + name.split(b".")[0] + b"."


def _hash_of_beginning(originals: Originals, path: str, size_bytes: int) -> str:
    hasher = hashlib.sha256()
    for part in _parts(originals, path, size_bytes):
        hasher.update(part)
    return hasher.hexdigest()


def _parts(originals: Originals, path: str, size_bytes: int) -> Iterator[bytes]:
    descriptor = originals.folder.open_file(os.fsencode(path))
    try:
        while size_bytes > 0 and (part := os.read(descriptor, min(size_bytes, 2**16))):
            size_bytes -= len(part)
            yield part
    finally:
        os.close(descriptor)
