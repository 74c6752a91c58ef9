"""What one reader found in one file."""

import dataclasses
from typing import Final

from librarian.domain.facts import Facts
from librarian.formats.values import Tags


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """Tags and the size in pixels as stored; what a file does not say is None.

    `mime_type`: where the whole file tells the type better than its first bytes.
    """

    tags: Tags = dataclasses.field(default_factory=dict)
    width: int | None = None
    height: int | None = None
    problem: str | None = None
    mime_type: str | None = None


NOT_MEDIA: Final = Facts(
    "unknown", "application/octet-stream", problem="neither a picture nor a video"
)
