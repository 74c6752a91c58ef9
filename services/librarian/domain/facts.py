"""What a file says about itself, as one value that can be stored and read back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias, cast

READER_VERSION: Final = 2
"""Rises with every change by which the reader finds more or other tags; stored with the facts."""

JSON: TypeAlias = "bool | int | float | str | list[JSON] | Mapping[str, JSON] | None"


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """Raw facts of one content; `media_assets.metadata` holds them, so rules can be re-run.

    Width and height are as stored, before the orientation (EXIF 1-8) is applied. The tags are
    clean JSON under the names of `tag_names`. `problem` names damage that did not stop the reader.
    """

    media_type: str
    mime_type: str
    width: int | None = None
    height: int | None = None
    orientation: int | None = None
    tags: Mapping[str, JSON] = dataclasses.field(default_factory=dict)
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None
    problem: str | None = None
    live_photo_id: str | None = None
    reader_version: int = READER_VERSION

    def to_json(self) -> dict[str, JSON]:
        """The facts as a JSON object, one key per field."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        fields["tags"] = dict(self.tags)
        return fields

    @classmethod
    def from_json(cls, value: Mapping[str, JSON]) -> Facts:
        """The facts `to_json` wrote; unknown keys (of later versions) are left out.

        Raises:
            TypeError: A field without a default is missing.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        known = {key: item for key, item in value.items() if key in names}
        return cls(**cast("dict[str, object]", known))  # type: ignore[arg-type]  # as written


@dataclasses.dataclass(frozen=True, slots=True)
class CompanionFacts:
    """What a file beside a photo says about it: dates as tags of `tag_names`, and the position."""

    kind: str
    tags: Mapping[str, JSON] = dataclasses.field(default_factory=dict)
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None


_RANKS: Final = {"xmp": 0, "takeout": 1}
"""A person's own sidecar is asked before a service's, and that before the partner of a pair."""


def merged(companions: Iterable[CompanionFacts]) -> tuple[CompanionFacts, ...]:
    """Each companion once, the likeliest first; the order of their arrival does not matter."""
    by_text = {json.dumps(dataclasses.asdict(each), sort_keys=True): each for each in companions}
    return tuple(
        by_text[text]
        for text in sorted(by_text, key=lambda text: (_RANKS.get(by_text[text].kind, 2), text))
    )
