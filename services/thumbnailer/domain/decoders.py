"""Which decoder makes the renditions of which kind of file."""

from typing import Final, Literal

Decoder = Literal["vips", "pillow", "heif", "raw", "video"]

_BY_TYPE: Final[dict[str, Decoder]] = {
    "image/jpeg": "vips",
    "image/png": "vips",
    "image/webp": "vips",
    "image/tiff": "vips",
    "image/gif": "pillow",
    "image/bmp": "pillow",
    "image/jp2": "pillow",
    "image/avif": "pillow",
    "image/heic": "heif",
    "image/heif": "heif",
}


def choose(mime_type: str | None) -> Decoder | None:
    """Return the decoder of a type; None where nothing here can decode it (JPEG XL, unknown).

    Every other picture is a RAW file, of which only the embedded preview is shown.
    """
    if mime_type is None or mime_type == "image/jxl":
        return None
    if mime_type.startswith("video/"):
        return "video"
    if mime_type.startswith("image/x-"):
        return "raw"
    return _BY_TYPE.get(mime_type)
