"""The child's side of the reader: everything that touches foreign bytes."""

from collections.abc import Mapping

from librarian.domain import clean, content_type, position, tag_names
from librarian.domain.facts import JSON, Facts
from librarian.formats import complete, heif, jpeg, jxl, pictures, png, raws, tiff, videos
from librarian.formats.found import NOT_MEDIA, Found
from librarian.formats.slices import Slice

_MAX_IDENTIFIER = 200
_READERS = {
    "image/jpeg": jpeg.read,
    "image/png": png.read,
    "image/gif": pictures.gif,
    "image/webp": pictures.webp,
    "image/bmp": pictures.bmp,
    "image/jp2": pictures.jp2,
    "image/jxl": jxl.read,
    "image/heic": heif.read,
    "image/heif": heif.read,
    "image/avif": heif.read,
    "image/x-canon-cr3": raws.cr3,
    "image/x-canon-crw": raws.crw,
    "image/x-fuji-raf": raws.raf,
    "image/x-kyocera-raw": raws.kyocera,
    "image/x-minolta-mrw": raws.mrw,
    "image/x-panasonic-rw2": raws.rw2,
    "image/x-sigma-x3f": raws.x3f,
}
"""The reader of each format; other pictures are TIFFs, other files videos."""


def read(request: Mapping[str, object], fd: int | None) -> dict[str, object]:  # noqa: ARG001
    """The facts of the open file as JSON; the function that `shared.children.children` runs."""
    if fd is None:
        raise ValueError("an open file is needed")
    return dict(facts_of(fd).to_json())


def facts_of(fd: int) -> Facts:
    """What the file says about itself; the descriptor's offset is neither used nor moved.

    Bytes of no known kind have the media type "unknown". No content raises.

    Raises:
        OSError: The disk failed; the content is not to blame.
    """
    part = Slice(fd)
    kind = content_type.detect(part.at(0, content_type.HEAD_BYTES))
    if kind is None:
        return NOT_MEDIA
    found = _found(part, kind)
    problem = complete.problem(part, kind.mime_type) or found.problem
    if part.failures:
        raise part.failures[0]
    tags = clean.tags(found.tags)
    place = position.of_tags(tags)
    return Facts(
        media_type=kind.media_type,
        mime_type=found.mime_type or kind.mime_type,
        width=_pixels(found.width),
        height=_pixels(found.height),
        orientation=_orientation(tags.get(tag_names.EXIF_ORIENTATION)),
        tags=tags,
        latitude_deg=place.latitude_deg if place else None,
        longitude_deg=place.longitude_deg if place else None,
        altitude_m=place.altitude_m if place else None,
        problem=problem,
        live_photo_id=_identifier(tags),
    )


def _found(part: Slice, kind: content_type.ContentType) -> Found:
    try:
        if kind.media_type == "video":
            return videos.read(part, kind.mime_type)
        return _READERS.get(kind.mime_type, tiff.read)(part)
    except Exception as error:  # noqa: BLE001  no content may fail its file: it gets a reason
        return Found(problem=f"unreadable: {type(error).__name__}: {error}"[:200])


def _pixels(number: int | None) -> int | None:
    """The number, if it can be one of pixels and PostgreSQL's integer holds it."""
    return number if number is not None and 0 < number < 2**31 else None


def _identifier(tags: Mapping[str, JSON]) -> str | None:
    """What pairs a Live Photo; nothing so long that no index could hold it."""
    names = (tag_names.KEYS_CONTENT_IDENTIFIER, tag_names.MAKER_CONTENT_IDENTIFIER)
    found = next((tags[name] for name in names if name in tags), None)
    return found if isinstance(found, str) and 0 < len(found) <= _MAX_IDENTIFIER else None


def _orientation(value: JSON) -> int | None:
    """One of EXIF's 1 to 8."""
    return value if isinstance(value, int) and 1 <= value <= 8 else None
