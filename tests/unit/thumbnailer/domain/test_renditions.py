"""Names and decoders."""

from uuid import UUID

import pytest

from thumbnailer.domain import decoders, renditions


def test_a_rendition_has_a_path_of_its_own() -> None:
    asset_id = UUID("0192f0c4-9d3e-4b61-8a53-2f1f6f0f9a11")

    assert renditions.relative_path(asset_id, "thumbnail") == f"01/{asset_id}-thumbnail.webp"
    assert renditions.relative_path(asset_id, "preview") == f"01/{asset_id}-preview.jpg"


@pytest.mark.parametrize(
    ("mime_type", "decoder"),
    [
        ("image/jpeg", "vips"),
        ("image/avif", "pillow"),
        ("image/heic", "heif"),
        ("image/x-canon-cr2", "raw"),
        ("video/mp4", "video"),
        ("image/jxl", None),
        ("text/plain", None),
        (None, None),
    ],
)
def test_the_content_s_type_chooses_the_decoder(mime_type: str | None, decoder: str | None) -> None:
    assert decoders.choose(mime_type) == decoder
