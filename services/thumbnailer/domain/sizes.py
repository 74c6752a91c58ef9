"""How large renditions are, and at which scale a decoder may already deliver."""

from typing import Final

PREVIEW_LONG_PX: Final = 1440
"""Fills a 1080p screen with a 4:3 photo; half of a 12 MP photo still is enough for it."""

THUMBNAIL_SHORT_PX: Final = 250

MAX_PIXELS: Final = 300_000_000
"""More is refused by decoders that hold the whole picture; phones make 200 MP."""

MAX_STREAMED_PIXELS: Final = 1_000_000_000
"""More is refused by every decoder."""

_SHRINKS: Final = (8, 4, 2)
_HEADROOM: Final = 1.15  # below that, what the decoder's own scaling loses is seen (SSIM 0.974)

Size = tuple[int, int]
"""Width and height in pixels."""


def preview_size(size: Size) -> Size:
    """Return the size with at most PREVIEW_LONG_PX on the long side; never an enlarged one."""
    return _scaled(size, PREVIEW_LONG_PX / max(size))


def thumbnail_size(size: Size) -> Size:
    """Return the size with at most THUMBNAIL_SHORT_PX on the short side, never an enlarged one."""
    return _scaled(size, THUMBNAIL_SHORT_PX / min(size))


def shrink(size: Size) -> int:
    """Return by how much (1, 2, 4, 8) a decoder may shrink a picture on the way to a preview."""
    enough = PREVIEW_LONG_PX * _HEADROOM
    return next((factor for factor in _SHRINKS if max(size) / factor >= enough), 1)


def _scaled(size: Size, factor: float) -> Size:
    if factor >= 1:
        return size
    width, height = size
    return max(1, round(width * factor)), max(1, round(height * factor))
