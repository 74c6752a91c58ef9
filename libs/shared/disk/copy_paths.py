"""Where a copy lies on a backup target, for who makes it and for who wants its bytes back."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

_MAX_NAME_BYTES: Final = 255


def candidates(relative_path: str, asset_id: UUID) -> Iterator[str]:
    """Yield the paths that a first copy may take: the original's, then one with the asset's id."""
    yield relative_path
    folder, slash, name = relative_path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    ending = f"-{asset_id}{dot}{extension}"
    room = _MAX_NAME_BYTES - len(ending.encode())
    kept = stem.encode()[:room].decode(errors="ignore")
    yield f"{folder}{slash}{kept}{ending}"
