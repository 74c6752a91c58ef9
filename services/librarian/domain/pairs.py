"""Which two files are one picture, who of them stands beside whom, and what each tells the other.

Pairs are the still and the video of a Live or Motion Photo, and a RAW file with its JPEG. One
content identifier makes a pair, wherever the halves come from. Without it they are one if they came
under one name into one folder of a source and nothing contradicts: cameras use their numbers again.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final
from uuid import UUID

from librarian.domain import companions, gathering, moments, naming, tag_names
from librarian.domain.facts import CompanionFacts
from librarian.domain.moments import Moment

LIVE_PHOTO: Final = "live_photo"
MOTION_PHOTO: Final = "motion_photo"
RAW_JPEG: Final = "raw_jpeg"

CONTENT_IDENTIFIER: Final = "content identifier"
NAME_AND_MOMENT: Final = "name and moment"
NAME_AND_FOLDER: Final = "name and folder"
EVIDENCE: Final = (CONTENT_IDENTIFIER, NAME_AND_MOMENT, NAME_AND_FOLDER)
"""What makes a pair. Links of older versions by "name" are none: nobody looked for contradictions,
and their files stand where their own dates have put them."""

CLIP: Final = timedelta(seconds=6)
"""The longest video of a Live or Motion Photo. Apple, Google and Samsung write about three seconds
and promise nothing; hardly anybody records so little on purpose. A clip holds its still, and its
time is that of its first or last moment: so far may the two be apart."""

MOST: Final = 8
"""More files with one identifier were not made together: some program writes it everywhere."""

_STILLS: Final = frozenset((".jpg", ".jpeg", ".heic", ".heif", ".hif"))
_APPLE: Final = frozenset((".heic", ".mov"))
# Dates that are worth telling: not of a name, the file system, or of what the other half said.
_TOLD: Final = re.compile(r"(?!File:|companion:Partner:)\w+:|manual$")
_KNOWN_OFFSETS: Final = frozenset(("tag", "gps", "utc_delta", "manual"))


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What is known of one file. `moment` is what it states itself, `date` what it can tell."""

    media_type: str
    live_photo_id: str | None = None
    duration: timedelta | None = None
    moment: Moment | None = None
    date: str | None = None
    position: tuple[float, float] | None = None
    altitude_m: float | None = None

    @classmethod
    def of(cls, asset: Mapping[str, Any], dates: Mapping[str, Any]) -> Known:
        """What the rows of an asset and its date say, as JSON."""
        metadata, place = asset["metadata"], asset["location"]
        duration_s = metadata["tags"].get(tag_names.VIDEO_DURATION)
        return cls(
            media_type=asset["media_type"],
            live_photo_id=metadata.get("live_photo_id") or None,
            duration=timedelta(seconds=duration_s) if duration_s else None,
            moment=Moment.stated(dates["candidates"]),
            date=_date(asset) if dates["time_known"] else None,
            position=(place["lat"], place["lon"]) if place else None,
            altitude_m=metadata.get("altitude_m"),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Half:
    """A file that may be one of a pair; `name` is the received one.

    `folder` is that of its source, None where that does not matter. `relative_path` is None before
    it is filed; `linked` holds the kinds of its pairs.
    """

    asset_id: UUID
    name: str
    folder: tuple[UUID, bytes] | None
    known: Known
    relative_path: str | None = None
    linked: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[object, str]:
        """What two halves of one name share."""
        return self.folder, naming.path_key(stem(self.name))


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """Two halves, kind and evidence as in `asset_links`; a RAW file is the partner of its JPEG."""

    kind: str
    evidence: str
    picture: Half
    partner: Half

    def other(self, half: Half) -> Half:
        """The half that this one is not."""
        return self.partner if half.asset_id == self.picture.asset_id else self.picture

    @property
    def is_namesake(self) -> bool:
        """Whether both have one name, for IMG_E1.HEIC is of IMG_1.MOV too."""
        return self.picture.key[1] == self.partner.key[1]

    def is_wanted_by(self, half: Half) -> bool:
        """Whether the other one goes under this one's name: it is of that name, or free."""
        return self.is_namesake or self.kind not in self.other(half).linked


def between(one: Half, other: Half) -> Pair | None:
    """The pair that two halves are, in whatever order; None if they are none."""
    return _ordered(one, other) or _ordered(other, one)


def of(half: Half, filed: Iterable[Half]) -> list[Pair]:
    """The pairs to make of a new half: a picture takes every partner that wants it.

    A partner has one picture, that of its own name or the first free one.
    """
    others = (other for other in filed if other.asset_id != half.asset_id)
    met = {pair.other(half).asset_id: pair for each in others if (pair := between(half, each))}
    as_picture = [p for p in met.values() if p.picture is half and p.is_wanted_by(half)]
    as_partner = [p for p in met.values() if p.partner is half]
    as_partner.sort(key=lambda pair: (not pair.is_namesake, not pair.is_wanted_by(half)))
    return as_picture + as_partner[:1]


def told(pair: Pair, half: Half) -> CompanionFacts | None:
    """What one half tells the other; None if it knows nothing.

    A date that the other states itself stands above what it hears: a tie is not told.
    """
    own, heard_by = half.known, pair.other(half).known.moment
    is_heard = heard_by is None or heard_by.weight > gathering.PARTNER_WEIGHT
    tags = {tag_names.PARTNER_DATE_TIME_ORIGINAL: own.date} if own.date and is_heard else {}
    if not tags and own.position is None:
        return None
    latitude_deg, longitude_deg = own.position or (None, None)
    return CompanionFacts(pair.kind, tags, latitude_deg, longitude_deg, own.altitude_m)


def turns(halves: Sequence[Half]) -> dict[UUID, int]:
    """When each of a batch is filed: a partner after its picture, who knows no date after who does.

    So each finds the half whose place or date it needs.
    """
    found = dict.fromkeys((half.asset_id for half in halves), 0)
    for group in _groups(halves):
        for pair in filter(None, itertools.starmap(between, itertools.combinations(group, 2))):
            for half in (pair.picture, pair.partner):
                turn = 2 * (half.known.date is None) + (half is pair.partner)
                found[half.asset_id] = max(found[half.asset_id], turn)
    return found


def stem(name: str) -> str:
    """What the names of both halves begin with: Google writes PXL_1.MP.jpg and PXL_1.MP or .mp4."""
    head, extension = naming.split(naming.split(name)[0])
    return head if extension.lower() == ".mp" else head + extension


def beside(path: str, name: str) -> str:
    """The name beside a filed half: its stem, and how `name` goes on."""
    return stem(path.rpartition("/")[2]) + name[len(stem(name)) :]


def _ordered(picture: Half, partner: Half) -> Pair | None:
    still, moving = picture.known, partner.known
    identifiers = {still.live_photo_id, moving.live_photo_id}
    is_of_one = len(identifiers) == 1 and None not in identifiers
    if is_of_one and (still.media_type, moving.media_type) == ("image", "video"):
        return Pair(LIVE_PHOTO, CONTENT_IDENTIFIER, picture, partner)
    kind = _kind_by_name(picture, partner)
    if kind is None or len(identifiers - {None}) > 1:
        return None
    if moving.duration is not None and moving.duration > CLIP:
        return None
    if still.moment is None or moving.moment is None:
        return Pair(kind, NAME_AND_FOLDER, picture, partner)
    within = timedelta() if kind == RAW_JPEG else CLIP
    is_one = moments.agree(still.moment, moving.moment, within)
    return Pair(kind, NAME_AND_MOMENT, picture, partner) if is_one else None


def _kind_by_name(picture: Half, partner: Half) -> str | None:
    extension, other = (naming.split(half.name)[1].lower() for half in (picture, partner))
    types = picture.known.media_type, partner.known.media_type
    if picture.folder is None or picture.key != partner.key or extension not in _STILLS:
        return None
    if types == ("image", "image"):
        return RAW_JPEG if other in companions.RAW_EXTENSIONS else None
    if types != ("image", "video"):
        return None
    is_live = picture.known.live_photo_id or partner.known.live_photo_id
    return LIVE_PHOTO if is_live or {extension, other} & _APPLE else MOTION_PHOTO


def _groups(halves: Iterable[Half]) -> Iterator[list[Half]]:
    groups: dict[object, list[Half]] = {}
    for half in halves:
        groups.setdefault(half.key, []).append(half)
        if half.known.live_photo_id:
            groups.setdefault(half.known.live_photo_id, []).append(half)
    return (group for group in groups.values() if 1 < len(group) <= MOST)


def _date(asset: Mapping[str, Any]) -> str | None:
    """The decided wall clock, with its offset if that is known."""
    local = asset["captured_local"]
    if local is None or not _TOLD.match(asset["captured_at_source"] or ""):
        return None
    wall, minutes = datetime.fromisoformat(local), asset["utc_offset_minutes"]
    if asset["offset_source"] in _KNOWN_OFFSETS and minutes is not None:
        wall = wall.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    return wall.isoformat()
