"""What a survey of the originals notes in `media_assets.damage`, and takes back.

Every other damage is one that a file had when it came, such as a cut-off end.
"""

from typing import Final

MISSING: Final = "missing"
CHANGED: Final = "its size has changed"
FOUND_BY_SURVEY: Final = (MISSING, CHANGED)
