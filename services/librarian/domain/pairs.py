"""The two halves of a certain pair: who goes beside whom, under which name, and what each tells."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import re
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

from librarian.domain import links, naming, tag_names
from librarian.domain.facts import CompanionFacts
from librarian.domain.links import LinkKind, Member

MOST: Final = 8
"""More files with one identifier were not made together: some program writes it everywhere."""

# A date of the file's own metadata, not of its name, its folder, the file system or a companion.
_STATED: Final = re.compile(r"(?!File:|companion:)\w+:")
_KINDS: Final = MappingProxyType({LinkKind.LIVE: "live_photo", LinkKind.RAW_JPEG: "raw_jpeg"})
_KNOWN_OFFSETS: Final = frozenset(("tag", "gps", "utc_delta"))


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """The decided date of one half, as the ledger holds it."""

    local: datetime.datetime | None
    offset_minutes: int | None
    offset_source: str
    source: str | None
    time_known: bool

    @property
    def moment(self) -> datetime.datetime | None:
        """The wall clock that the file itself states."""
        is_stated = self.time_known and _STATED.match(self.source or "") is not None
        return self.local if is_stated else None


@dataclasses.dataclass(frozen=True, slots=True)
class Half:
    """A picture, video or RAW file that may be one of a pair.

    `name` is the received one; `folder` that of its source, None where that does not matter.
    `relative_path` is None before it is filed; `linked` holds the kinds of its certain links.
    """

    asset_id: UUID
    name: str
    folder: tuple[UUID, bytes] | None
    media_type: str
    live_photo_id: str | None
    taken: Taken
    position: tuple[float, float] | None
    altitude_m: float | None
    relative_path: str | None = None
    linked: frozenset[str] = frozenset()

    @property
    def member(self) -> Member:
        """What decides whether it is one of a pair."""
        return Member(self.name, self.media_type, self.live_photo_id or None, self.taken.moment)


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """A certain pair; kind and evidence as in `asset_links`."""

    kind: str
    evidence: str
    picture: Half
    partner: Half

    def other(self, half: Half) -> Half:
        """The half that this one is not."""
        return self.partner if half.asset_id == self.picture.asset_id else self.picture


def certain(one: Half, other: Half) -> Pair | None:
    """The pair that two halves certainly are: RAW and JPEG have to share their folder as well."""
    own = one.member
    found = links.between(own, other.member)
    if found is None or not found.is_certain or one.asset_id == other.asset_id:
        return None
    if found.kind is LinkKind.RAW_JPEG and (one.folder is None or one.folder != other.folder):
        return None
    halves = (one, other) if found.picture is own else (other, one)
    return Pair(_KINDS[found.kind], found.evidence, *halves)


def told(half: Half, kind: str) -> CompanionFacts | None:
    """What one half says of the other; None if it knows nothing.

    A RAW and its JPEG show one moment, or they were no pair: they tell the position alone.
    """
    tags = {}
    if half.taken.moment is not None and kind != "raw_jpeg":
        tags[tag_names.PARTNER_DATE_TIME_ORIGINAL] = _text(half.taken)
    if not tags and half.position is None:
        return None
    latitude_deg, longitude_deg = half.position or (None, None)
    return CompanionFacts(kind, tags, latitude_deg, longitude_deg, half.altitude_m)


def later(halves: Sequence[Half]) -> set[UUID]:
    """Those of a batch that wait until their other half is filed: partners wait for pictures.

    A picture without a date waits for a partner that has one: it goes where that one is.
    """
    waiting: set[UUID] = set()
    for group in _groups(halves):
        for one, other in itertools.combinations(group, 2):
            pair = certain(one, other)
            if pair is not None:
                waiting.add(_later(pair).asset_id)
    return waiting


def is_of_one_stem(one: str, other: str) -> bool:
    """Whether two names differ in nothing but their extension, or in case."""
    return naming.path_key(naming.split(one)[0]) == naming.path_key(naming.split(other)[0])


def beside(path: str, name: str) -> str:
    """The name beside a filed half: its stem, with the extension of `name`."""
    return naming.split(path.rpartition("/")[2])[0] + naming.split(name)[1]


def key_of(half: Half) -> tuple[object, str]:
    """What a RAW and its JPEG share."""
    return half.folder, naming.path_key(naming.split(half.name)[0])


def _later(pair: Pair) -> Half:
    has_date = pair.partner.taken.moment is not None
    return pair.picture if pair.picture.taken.moment is None and has_date else pair.partner


def _groups(halves: Iterable[Half]) -> Iterable[list[Half]]:
    groups: dict[object, list[Half]] = {}
    for half in halves:
        groups.setdefault(key_of(half), []).append(half)
        if half.live_photo_id:
            groups.setdefault(half.live_photo_id, []).append(half)
    return (group for group in groups.values() if 1 < len(group) <= MOST)


def _text(taken: Taken) -> str:
    assert taken.local is not None  # noqa: S101  there is a moment
    if taken.offset_source not in _KNOWN_OFFSETS or taken.offset_minutes is None:
        return taken.local.isoformat()
    offset = datetime.timezone(datetime.timedelta(minutes=taken.offset_minutes))
    return taken.local.replace(tzinfo=offset).isoformat()
