"""Sidecars are filed beside their photo, under its name, once it is there."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import orm

from librarian import neighbours
from librarian.arrivals import Source
from librarian.deciding import Plan
from librarian.domain import companions, naming
from librarian.domain.companions import CompanionKind
from librarian.domain.facts import CompanionFacts
from librarian.neighbours import Folder
from librarian.placing import Wish
from librarian.repository import links
from librarian.repository import originals as original_rows
from librarian.repository.originals import Original
from librarian.staging import Staged

EXTENSIONS: Final = {
    CompanionKind.XMP: ".xmp",
    CompanionKind.AAE: ".aae",
    CompanionKind.TAKEOUT: ".json",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Belonging:
    """A sidecar and its photo, and all photos that it speaks of (Takeout: the edited one too)."""

    staged: Staged
    owner: Original
    spoken_of: tuple[UUID, ...]
    filed_at: str | None


def belongings(
    session: orm.Session, sidecars: Sequence[Staged], folder_of: Callable[[bytes], Folder]
) -> list[Belonging]:
    """The sidecars whose photo is filed; the others have to wait for theirs.

    A photo that stands in the source folder and is not decided yet counts: its sidecar waits.
    """
    if not sidecars:
        return []
    source: Source = sidecars[0].claimed.source
    near = {each.path: each for each in links.named_like(session, source.id, map(_start, sidecars))}
    spoken = {
        each.claimed.file_id: _spoken_of(each, near, folder_of(_folder(each))) for each in sidecars
    }
    firsts = {ids[0] for ids in spoken.values() if ids}
    owners = {asset_id: original_rows.by_id(session, asset_id) for asset_id in firsts}
    filed = links.sidecars_with(session, [each.file_hash for each in sidecars])
    found = []
    for each in sidecars:
        ids = spoken[each.claimed.file_id]
        owner = owners[ids[0]] if ids else None
        if owner is not None and owner.relative_path is not None:
            found.append(Belonging(each, owner, ids, filed.get((owner.asset_id, each.file_hash))))
    return found


def plan(belonging: Belonging, facts: CompanionFacts | None) -> Plan:
    """The plan to file a sidecar beside its photo; recording it hears what it says."""
    staged, owner = belonging.staged, belonging.owner
    assert staged.companion is not None  # noqa: S101  a sidecar
    folder, _, photo = str(owner.relative_path).rpartition("/")
    name = photo + EXTENSIONS[staged.companion]
    record: dict[str, Any] = {
        "link": {
            "kind": staged.companion.value,
            "original_name": naming.display(staged.claimed.found.path.rpartition(b"/")[2]),
            "original_path": f"{staged.claimed.source.path}/"
            f"{naming.display(staged.claimed.found.path)}",
            "evidence": "name",
        },
        "facts": dataclasses.asdict(facts) if facts else None,
        "spoken_of": [str(asset_id) for asset_id in belonging.spoken_of],
    }
    return Plan(staged, owner.asset_id, Wish(folder, os.fsencode(name)), record)


def _spoken_of(
    sidecar: Staged, near: dict[bytes, links.Relative], folder: Folder
) -> tuple[UUID, ...]:
    """The assets a sidecar speaks of, its own first; () while that one is not filed."""
    path = _folder(sidecar)
    prefix = path + b"/" if path else b""
    name = os.fsdecode(sidecar.claimed.found.path.rpartition(b"/")[2])
    filed = {
        os.fsdecode(each.path[len(prefix) :]): each.asset_id
        for each in near.values()
        if each.asset_id is not None and each.path.rpartition(b"/")[0] == path
    }
    decided = {os.fsdecode(each.path[len(prefix) :]) for each in near.values() if each.outcome}
    coming = [each for each in folder.like(neighbours.beginning(name)) if each not in decided]
    owners = companions.owners(name, [*filed, *coming])
    if not owners or owners[0] not in filed:
        return ()
    return tuple(filed[owner] for owner in owners if owner in filed)


def _folder(staged: Staged) -> bytes:
    return staged.claimed.found.path.rpartition(b"/")[0]


def _start(staged: Staged) -> bytes:
    """What the paths of all possible owners begin with (in the case of the sidecar's own name)."""
    folder, slash, name = staged.claimed.found.path.rpartition(b"/")
    length = len(neighbours.beginning(os.fsdecode(name)))
    return folder + slash + os.fsencode(os.fsdecode(name)[:length])
