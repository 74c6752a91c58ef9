"""Renditions by Pillow: of what libvips does not read, or refuses."""

import io
from typing import BinaryIO, Final

from PIL import Image, ImageCms, ImageFile
from PIL.Image import Transpose

from thumbnailer.domain import sizes
from thumbnailer.domain.renditions import PREVIEW, THUMBNAIL, Rendition

JPEG_QUALITY: Final = 80
WEBP_QUALITY: Final = 75
WEBP_METHOD: Final = 2
_REDUCING_GAP: Final = 2.0
_SRGB: Final = ImageCms.createProfile("sRGB")
_ORIENTATION_TAG: Final = 0x0112
_TURNS: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}

Image.MAX_IMAGE_PIXELS = None  # counted here, so that 200 MP of a phone pass


def from_file(file: BinaryIO, *, is_damaged: bool, orientation: int | None) -> list[Rendition]:
    """Return preview and thumbnail of an open picture; of a damaged one as far as it goes.

    `orientation` (EXIF) is used where the file itself has none.

    Raises:
        OSError, SyntaxError, ValueError: It cannot be decoded.
    """
    with Image.open(file) as image:
        if image.width * image.height > sizes.MAX_PIXELS:
            raise ValueError(f"{image.width} x {image.height} pixels are too many")
        shrink = sizes.shrink(image.size)
        image.draft(None, (image.width // shrink, image.height // shrink))
        _load(image, is_damaged=is_damaged)
        # Asked now: some plugins turn the picture while they load it, and say so here.
        own = image.getexif().get(_ORIENTATION_TAG)
        return from_image(image, orientation=own or orientation)


def _load(image: Image.Image, *, is_damaged: bool) -> None:
    """Pillow has this option for the whole process; a child decodes one picture at a time."""
    ImageFile.LOAD_TRUNCATED_IMAGES = is_damaged
    try:
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def from_image(image: Image.Image, *, orientation: int | None) -> list[Rendition]:
    """Return the renditions of a decoded picture that is to be turned as `orientation` says."""
    profile = image.info.get("icc_profile")
    small = _resized(_plain(image), sizes.preview_size(image.size))
    small = _on_white(_to_srgb(small, profile))
    turn = _TURNS.get(orientation or 1)
    if turn is not None:
        small = small.transpose(turn)
    small.info = {}  # nothing of the original's metadata goes into what may be shared
    tiny = _resized(small, sizes.thumbnail_size(small.size))
    return [
        _saved(PREVIEW, small, "JPEG", quality=JPEG_QUALITY),
        _saved(THUMBNAIL, tiny, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD),
    ]


def _plain(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be resized and transformed."""
    if image.mode in {"RGB", "CMYK", "L"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _resized(image: Image.Image, size: sizes.Size) -> Image.Image:
    if image.size == size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A profile that does not fit its picture is none."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            changed = ImageCms.profileToProfile(image, source, _SRGB, outputMode=mode)
            return changed or image.convert(mode)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert(mode)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _saved(kind: str, image: Image.Image, form: str, **options: int) -> Rendition:
    made = io.BytesIO()
    image.save(made, form, **options)
    return Rendition(kind, image.width, image.height, made.getvalue())
