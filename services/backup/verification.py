"""Whether a copy is still what it was."""

from typing import Literal

from backup import copying
from backup.repository import Asset, Target

State = Literal["verified", "damaged", "missing"]


def verify_copy(asset: Asset, target: Target) -> State:
    """Return the state of an asset's copy, read from the medium; changes nothing.

    Raises:
        DependencyError: The target is away.
        OSError: The copy cannot be read.
    """
    path = asset.copies.get(target.id)
    if path is None:
        return "missing"
    with copying.blaming_target(target.name), target.root.open(is_for_writing=False) as folder:
        found = copying.hash_from_medium(folder, path)
    if found is None:
        return "missing"
    return "verified" if found == asset.original.file_hash else "damaged"
