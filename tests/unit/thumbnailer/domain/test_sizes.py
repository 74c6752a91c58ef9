"""Sizes of renditions."""

import pytest

from thumbnailer.domain import sizes


@pytest.mark.parametrize(
    ("size", "preview", "thumbnail"),
    [
        ((4032, 3024), (1440, 1080), (333, 250)),
        ((3024, 4032), (1080, 1440), (250, 333)),
        ((1440, 1440), (1440, 1440), (250, 250)),
        ((200, 100), (200, 100), (200, 100)),
        ((65500, 10), (1440, 1), (65500, 10)),
    ],
)
def test_renditions_fit_and_are_never_enlarged(
    size: sizes.Size, preview: sizes.Size, thumbnail: sizes.Size
) -> None:
    assert sizes.preview_size(size) == preview
    assert sizes.thumbnail_size(size) == thumbnail


@pytest.mark.parametrize(
    ("long_px", "factor"),
    [(1000, 1), (3311, 1), (3312, 2), (4032, 2), (6623, 2), (6624, 4), (13248, 8), (60000, 8)],
)
def test_a_decoder_shrinks_only_while_enough_is_left(long_px: int, factor: int) -> None:
    assert sizes.shrink((long_px, 100)) == factor
    assert sizes.shrink((100, long_px)) == factor
