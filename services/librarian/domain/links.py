"""Which two photos belong together: Live Photos, Motion Photos, RAW and JPEG."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from typing import Final

from librarian.domain import companions, naming


class LinkKind(enum.Enum):
    """How two assets belong together."""

    LIVE = "live"
    MOTION = "motion"
    RAW_JPEG = "raw_jpeg"


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """What matters of one file of a pair; the name is the received one, without folders.

    `moment` is the wall clock that the file itself states, None if it states none.
    """

    name: str
    media_type: str
    live_photo_id: str | None = None
    moment: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """A pair; `is_certain` when the files themselves say so, else the names suggest it."""

    kind: LinkKind
    picture: Member
    partner: Member
    is_certain: bool

    @property
    def evidence(self) -> str:
        """What made the pair, as the ledger and the folders' records hold it."""
        if not self.is_certain:
            return "name"
        return CONTENT_IDENTIFIER if self.kind is LinkKind.LIVE else NAME_AND_MOMENT


CONTENT_IDENTIFIER: Final = "content identifier"
NAME_AND_MOMENT: Final = "name and moment"
CERTAIN: Final = (CONTENT_IDENTIFIER, NAME_AND_MOMENT)
"""The evidence of pairs whose files stand beside each other."""

_STILLS: Final = frozenset((".jpg", ".jpeg", ".heic", ".heif", ".hif"))


def between(one: Member, other: Member) -> Link | None:
    """The link of two files of one folder (or, with equal identifiers, of any); None if unrelated.

    The picture (for RAW and JPEG: the JPEG) comes first, whatever the order of the arguments.
    """
    return _ordered(one, other) or _ordered(other, one)


def _ordered(picture: Member, partner: Member) -> Link | None:
    if picture.media_type != "image":
        return None
    identifiers = {picture.live_photo_id, partner.live_photo_id}
    if partner.media_type == "video" and None not in identifiers:
        is_live = len(identifiers) == 1
        return Link(LinkKind.LIVE, picture, partner, is_certain=True) if is_live else None
    kind = _kind_by_name(picture, partner)
    if kind is None:
        return None
    is_certain = kind is LinkKind.RAW_JPEG and _is_one_moment(picture.moment, partner.moment)
    return Link(kind, picture, partner, is_certain)


def _is_one_moment(one: datetime.datetime | None, other: datetime.datetime | None) -> bool:
    """Whether two clocks show the same second; a RAW and its JPEG round fractions differently."""
    if one is None or other is None:
        return False
    return one.replace(microsecond=0) == other.replace(microsecond=0)


def _kind_by_name(picture: Member, partner: Member) -> LinkKind | None:
    stem, extension = _parts(picture)
    partner_stem, partner_extension = _parts(partner)
    if extension not in _STILLS:
        return None
    if partner.media_type == "image":
        is_raw = partner_extension in companions.RAW_EXTENSIONS and stem == partner_stem
        return LinkKind.RAW_JPEG if is_raw else None
    if stem not in {partner_stem, naming.path_key(partner.name)}:  # PXL_1.MP.jpg and PXL_1.MP
        return None
    return LinkKind.LIVE if partner_extension == ".mov" else LinkKind.MOTION


def _parts(member: Member) -> tuple[str, str]:
    stem, extension = naming.split(member.name)
    return naming.path_key(stem), extension.lower()
