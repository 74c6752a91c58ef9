"""Still pictures that Pillow opens, without decoding them."""

import dataclasses
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image, ImageFile, TiffImagePlugin

from librarian.formats import boxes, complete, exif, flir, iptc, values, xmp
from librarian.formats.found import Found
from librarian.formats.slices import Slice
from librarian.formats.values import Tags

Image.MAX_IMAGE_PIXELS = None  # only headers are read here, whatever size they claim
_FORMATS = {
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
    "image/avif": "AVIF",
}
_HEAD_BYTES = 1 << 20
_Info = Mapping[Any, object]  # Pillow's, by text or by IPTC number
_IMAGE_WIDTH, _IMAGE_HEIGHT, _SUB_IFDS = 256, 257, 330


def read(part: Slice, mime_type: str) -> Found:
    """What the picture says; what Pillow refuses is read by exifread alone."""
    try:
        with warnings.catch_warnings(action="ignore"), _opened(part, mime_type) as picture:
            found = _of_picture(picture, part, mime_type)
    except Exception as error:  # noqa: BLE001  hostile bytes raise anything in decoders
        found = _of_file(part, mime_type, f"{type(error).__name__}: {error}"[:200])
    width, height = _stored_size(part, mime_type) or (found.width, found.height)
    return dataclasses.replace(found, width=width, height=height)


def _opened(part: Slice, mime_type: str) -> ImageFile.ImageFile:
    name = _FORMATS.get(mime_type, "TIFF")
    if name == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    return Image.open(part.buffered(), formats=[name])


def _of_picture(picture: ImageFile.ImageFile, part: Slice, mime_type: str) -> Found:
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        return _of_tiff(picture, part, mime_type)
    block = picture.info.get("exif")
    tags = values.first(
        exif.of_block(block).items() if block else (),
        _packet(picture.info).items(),
        iptc.tags(picture).items() if "photoshop" in picture.info else (),
        flir.tags(getattr(picture, "applist", [])).items(),
    )
    if block is None and mime_type != "image/jpeg":
        tags = values.first(tags.items(), exif.of_file(part.buffered()).items())
    orientation = picture.info.get("original_orientation")  # Pillow-HEIF resets the tag
    if isinstance(orientation, int):
        tags["EXIF:Orientation"] = orientation
    return Found(tags, *picture.size)


def _of_tiff(picture: TiffImagePlugin.TiffImageFile, part: Slice, mime_type: str) -> Found:
    """A TIFF, or a RAW format that is one: its own directories are the EXIF block."""
    tags = values.first(
        exif.of_file(part.buffered()).items(),
        _packet({"xmp": picture.tag_v2.get(700)} | picture.info).items(),
        iptc.tags(picture).items(),
    )
    sizes = [_size_of(picture.tag_v2)]
    if mime_type != "image/tiff":  # the sensor's picture is in another directory than the preview
        sizes += [_size_of(directory) for directory in _sub_directories(picture.tag_v2, part)]
        sizes.append(_stated_size(tags))
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    is_cut = any(
        start + length > part.size
        for starts, lengths in ((273, 279), (324, 325))
        for start, length in zip(
            _many(picture.tag_v2.get(starts)), _many(picture.tag_v2.get(lengths)), strict=False
        )
    )
    return Found(tags, width or None, height or None, complete.TRUNCATED if is_cut else None)


def _of_file(part: Slice, mime_type: str, reason: str) -> Found:
    """What exifread finds; in RAW files (Panasonic's, say) also what their JPEG says."""
    tags = exif.of_file(part.buffered())
    is_raw = mime_type not in _FORMATS and mime_type != "image/tiff"
    start = part.at(0, _HEAD_BYTES).find(b"\xff\xd8\xff\xe1") if is_raw else -1
    if start > 0:
        tags = values.first(exif.of_file(part.part(start).buffered()).items(), tags.items())
    width, height = _stated_size(tags)
    problem = None if is_raw and tags else f"unreadable: {reason}"
    return Found(tags, width or None, height or None, problem)


def _packet(info: _Info) -> Tags:
    packet = info.get("xmp")
    return xmp.tags(packet) if isinstance(packet, bytes | str) else {}


def _stored_size(part: Slice, mime_type: str) -> tuple[int, int] | None:
    """HEIC, AVIF: the largest extent property, before rotation and cropping are applied."""
    if _FORMATS.get(mime_type) not in {"HEIF", "AVIF"}:
        return None
    extents = [
        (int.from_bytes(content[4:8], "big"), int.from_bytes(content[8:12], "big"))
        for box in boxes.at(part, b"meta", b"iprp", b"ipco", b"ispe")
        if len(content := box.content(12)) == 12
    ]
    return max(extents, key=lambda extent: extent[0] * extent[1], default=None)


def _sub_directories(
    main: TiffImagePlugin.ImageFileDirectory_v2, part: Slice
) -> Iterator[TiffImagePlugin.ImageFileDirectory_v2]:
    file = part.buffered()
    for offset in _many(main.get(_SUB_IFDS))[:10]:
        directory = TiffImagePlugin.ImageFileDirectory_v2(part.at(0, 8))
        file.seek(offset)
        directory.load(file)
        yield directory


def _size_of(directory: TiffImagePlugin.ImageFileDirectory_v2) -> tuple[int, int]:
    return _whole(directory.get(_IMAGE_WIDTH)), _whole(directory.get(_IMAGE_HEIGHT))


def _stated_size(tags: Tags) -> tuple[int, int]:
    return _whole(tags.get("EXIF:ExifImageWidth")), _whole(tags.get("EXIF:ExifImageHeight"))


def _many(value: object) -> list[int]:
    found = value if isinstance(value, tuple | list) else [value]
    return [item for item in found if isinstance(item, int)]


def _whole(value: object) -> int:
    """The number, 0 where there is none."""
    return value if isinstance(value, int) else 0
