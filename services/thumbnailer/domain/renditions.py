"""What a rendition is and where it lies below the root of the derivatives."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

PREVIEW: Final = "preview"
THUMBNAIL: Final = "thumbnail"

_TYPES: Final = {PREVIEW: ("image/jpeg", "jpg"), THUMBNAIL: ("image/webp", "webp")}


@dataclass(frozen=True, slots=True)
class Rendition:
    """One derived picture in memory."""

    kind: str
    width: int
    height: int
    content: bytes

    @property
    def mime_type(self) -> str:
        """The type that its kind always has."""
        return _TYPES[self.kind][0]


def relative_path(asset_id: UUID, kind: str) -> str:
    """Return the path of a rendition; 256 folders, by the (random) first byte of the id."""
    return f"{asset_id.hex[:2]}/{asset_id}-{kind}.{_TYPES[kind][1]}"
