"""The child's side of the reader: everything that touches foreign bytes."""

from collections.abc import Mapping

from librarian.domain import clean, content_type, position, tag_names
from librarian.domain.facts import JSON, Facts
from librarian.formats import complete, pictures, png, raws, videos
from librarian.formats.found import NOT_MEDIA, Found
from librarian.formats.slices import Slice


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
    identifier = tags.get(tag_names.KEYS_CONTENT_IDENTIFIER) or tags.get(
        tag_names.MAKER_CONTENT_IDENTIFIER
    )
    return Facts(
        media_type=kind.media_type,
        # A DNG whose directory stands at the end of the file looks like a plain TIFF at first.
        mime_type="image/x-adobe-dng" if "EXIF:DNGVersion" in tags else kind.mime_type,
        width=found.width,
        height=found.height,
        orientation=_orientation(tags.get(tag_names.EXIF_ORIENTATION)),
        tags=tags,
        latitude_deg=place.latitude_deg if place else None,
        longitude_deg=place.longitude_deg if place else None,
        altitude_m=place.altitude_m if place else None,
        problem=problem,
        live_photo_id=identifier if isinstance(identifier, str) else None,
    )


def _found(part: Slice, kind: content_type.ContentType) -> Found:
    try:
        if kind.media_type == "video":
            return videos.read(part, kind.mime_type)
        own = raws.readers().get(kind.mime_type)
        if own is not None:
            return own(part)
        if kind.mime_type == "image/png":
            return png.read(part)
        return pictures.read(part, kind.mime_type)
    except Exception as error:  # noqa: BLE001  no content may fail its file: it gets a reason
        return Found(problem=f"unreadable: {type(error).__name__}: {error}"[:200])


def _orientation(value: JSON) -> int | None:
    """One of EXIF's 1 to 8."""
    return value if isinstance(value, int) and 1 <= value <= 8 else None
