"""Sidecars are filed beside their photo, under its name, once it is there."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias
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
from librarian.repository import links, sidecars
from librarian.repository import originals as original_rows
from librarian.repository.originals import Original
from librarian.repository.sidecars import Met
from librarian.staging import Staged

EXTENSIONS: Final = {
    CompanionKind.XMP: ".xmp",
    CompanionKind.AAE: ".aae",
    CompanionKind.TAKEOUT: ".json",
}

Speaking: TypeAlias = Mapping[UUID, Sequence[Met]]
"""The sidecars met before that speak of photos, by the file id of the photo."""


@dataclasses.dataclass(frozen=True, slots=True)
class Belonging:
    """A sidecar and its photo, and all photos that it speaks of (Takeout: the edited one too).

    `filed` is the sidecar of these bytes that stands beside that photo already.
    """

    staged: Staged
    owner: Original
    spoken_of: tuple[UUID, ...]
    filed: Original | None


def belongings(
    session: orm.Session, staged: Sequence[Staged], folder_of: Callable[[bytes], Folder]
) -> list[Belonging]:
    """The sidecars whose photo is filed; the others have to wait for theirs.

    A photo that stands in the source folder and is not decided yet counts: its sidecar waits.
    """
    source: Source = staged[0].claimed.source
    starts = (start for each in staged for start in _starts(each))
    near = {each.path: each for each in links.named_like(session, source.id, starts)}
    spoken = {
        each.claimed.file_id: _spoken_of(each, near, folder_of(_folder(each))) for each in staged
    }
    firsts = {ids[0] for ids in spoken.values() if ids}
    owners = {asset_id: original_rows.by_id(session, asset_id) for asset_id in firsts}
    found = []
    for each in staged:
        ids = spoken[each.claimed.file_id]
        owner = owners[ids[0]] if ids else None
        if owner is not None and owner.relative_path is not None:
            filed = original_rows.holding(session, owner.asset_id, each.file_hash)
            found.append(Belonging(each, owner, ids, filed))
    return found


def one_of_each(found: Iterable[Belonging]) -> list[Belonging]:
    """The first of equal sidecars of one photo; the others are known once that one is filed."""
    first: dict[tuple[UUID, str], Belonging] = {}
    for each in found:
        first.setdefault((each.owner.asset_id, each.staged.file_hash), each)
    return list(first.values())


def plan(belonging: Belonging, facts: CompanionFacts | None, problem: str | None) -> Plan:
    """The plan to file a sidecar beside its photo; recording it hears what it says.

    `problem` says why what it says is not known; it is filed all the same.
    """
    staged, owner = belonging.staged, belonging.owner
    assert staged.companion is not None  # noqa: S101  a sidecar
    folder, _, photo = str(owner.relative_path).rpartition("/")
    name = photo + EXTENSIONS[staged.companion]
    record: dict[str, Any] = {
        "link": {
            "kind": staged.companion.value,
            "original_name": naming.display(_name(staged)),
            "original_path": f"{staged.claimed.source.path}/"
            f"{naming.display(staged.claimed.found.path)}",
            "evidence": "name",
        },
        "facts": dataclasses.asdict(facts) if facts else None,
        "problem": problem,
        "spoken_of": [str(asset_id) for asset_id in belonging.spoken_of],
    }
    return Plan(staged, owner.asset_id, Wish(folder, os.fsencode(name)), record)


def expected(staged: Staged) -> str:
    """The name of the photo that a sidecar waits for."""
    return naming.display(os.fsencode(companions.expected(os.fsdecode(_name(staged)))))


def speaking_of(session: orm.Session, photos: Sequence[Staged]) -> Speaking:
    """The sidecars of the source that came before photos and speak of them."""
    if not photos:
        return {}
    starts = {each.claimed.file_id: set(_companion_starts(each)) for each in photos}
    met = sidecars.named_like(session, photos[0].claimed.source.id, set().union(*starts.values()))
    found: dict[UUID, list[Met]] = {}
    for each in photos:
        photo = os.fsdecode(_name(each))
        near = (one for one in met if one.path.startswith(tuple(starts[each.claimed.file_id])))
        for one in near:
            if companions.match(os.fsdecode(one.path.rpartition(b"/")[2]), [photo]):
                found.setdefault(each.claimed.file_id, []).append(one)
    return found


def _spoken_of(
    sidecar: Staged, near: Mapping[bytes, links.Relative], folder: Folder
) -> tuple[UUID, ...]:
    """The assets a sidecar speaks of, its own first; () while that one is not filed."""
    path = _folder(sidecar)
    prefix = path + b"/" if path else b""
    name = os.fsdecode(_name(sidecar))
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
    return tuple(dict.fromkeys(filed[owner] for owner in owners if owner in filed))


def _folder(staged: Staged) -> bytes:
    return staged.claimed.found.path.rpartition(b"/")[0]


def _name(staged: Staged) -> bytes:
    return staged.claimed.found.path.rpartition(b"/")[2]


def _starts(staged: Staged) -> Iterator[bytes]:
    """What the paths of all possible owners of a sidecar begin with."""
    name = os.fsdecode(_name(staged))
    return _paths(staged, [name[: len(neighbours.beginning(name))]])


def _companion_starts(photo: Staged) -> Iterator[bytes]:
    """What the paths of all possible sidecars of a photo begin with."""
    return _paths(photo, companions.beginnings(os.fsdecode(_name(photo))))


def _paths(staged: Staged, beginnings: Collection[str]) -> Iterator[bytes]:
    folder, slash, _ = staged.claimed.found.path.rpartition(b"/")
    for beginning in beginnings:
        for spelt in neighbours.spellings(beginning):
            yield folder + slash + os.fsencode(spelt)
