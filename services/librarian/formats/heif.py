"""HEIC, HEIF and AVIF (ISO/IEC 23008-12 and 14496-12): the items that a `meta` box describes."""

from collections.abc import Iterator

from librarian.formats import boxes, exif, values, videos, xmp
from librarian.formats.boxes import Numbers
from librarian.formats.found import Found
from librarian.formats.slices import Slice

_MAX_BYTES = 1 << 20
_XMP_TYPE = b"application/rdf+xml"
# EXIF's orientation by quarter turns anticlockwise (`irot`): alone, mirrored by an axis (`imir`).
_TURNED = (1, 8, 3, 6)
_MIRRORED = ((4, 5, 2, 7), (2, 7, 4, 5))


def read(part: Slice) -> Found:
    """What the main picture says; its size is that before cropping and rotation."""
    meta = next((box.body.part(4) for box in boxes.inside(part) if box.name == b"meta"), None)
    if meta is None:  # a sequence of pictures is built like a video
        return videos.read(part, "video/mp4")
    parts = {box.name: box.body for box in boxes.inside(meta)}
    empty = part.part(0, 0)
    kinds = list(_kinds(parts.get(b"iinf", empty)))
    places = {
        item: (parts.get(b"idat", empty) if is_inside else part).part(offset, length)
        for item, is_inside, offset, length in _places(parts.get(b"iloc", empty))
    }
    exifs, packets = (
        [places[item] for item, kind in kinds if kind == wanted and item in places]
        for wanted in (b"Exif", _XMP_TYPE)
    )
    width, height, orientation = _picture(parts.get(b"iprp", empty), _main(parts, empty))
    tags = values.first(
        *(exif.of_block(place.at(0, exif.MAX_BLOCK_BYTES)).items() for place in exifs[:2]),
        *(xmp.tags(place.at(0, xmp.MAX_PACKET_BYTES)).items() for place in packets[:2]),
        {"EXIF:Orientation": orientation}.items(),
    )
    return Found(tags, width or None, height or None)


def _main(parts: dict[bytes, Slice], empty: Slice) -> int:
    numbers = Numbers(parts.get(b"pitm", empty).at(0, 8))
    return numbers.next(4 if numbers.next(4) >> 24 else 2)


def _kinds(box: Slice) -> Iterator[tuple[int, bytes]]:
    """Each item's number and type, that of `mime` items by their content type (iinf, infe)."""
    for entry in boxes.inside(box, 8 if box.at(0, 1) > b"\0" else 6):
        numbers = Numbers(entry.content(300))
        item = numbers.next(4 if numbers.next(4) >> 24 > 2 else 2)
        numbers.next(2)
        kind, (_, content_type, *_) = numbers.rest()[:4], [*numbers.rest()[4:].split(b"\0"), b""]
        yield item, content_type if kind == b"mime" else kind


def _places(box: Slice) -> Iterator[tuple[int, bool, int, int]]:
    """Each item's number, whether it is in `idat`, offset and length of its first extent (iloc)."""
    numbers = Numbers(box.at(0, _MAX_BYTES))
    version, sizes = numbers.next(4) >> 24, numbers.next(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    numbers.skip(4 if version > 1 else 2)  # how many items there are
    while not numbers.is_at_end:
        item = numbers.next(4 if version > 1 else 2)
        is_inside = version > 0 and numbers.next(2) & 15 == 1
        numbers.skip(2)
        offset, extents = numbers.next(base_size), numbers.next(2)
        numbers.skip(index_size)
        offset += numbers.next(offset_size)
        yield item, is_inside, offset, numbers.next(length_size)
        numbers.skip((extents - 1) * (index_size + offset_size + length_size))


def _picture(box: Slice, main: int) -> tuple[int, int, int | None]:
    """Width, height and orientation of the main picture by its properties (ipco, ipma)."""
    stored = [found for inner in boxes.at(box, b"ipco") for found in boxes.inside(inner.body)]
    numbers = [n for inner in boxes.at(box, b"ipma") for n in _properties(inner.body, main)]
    own = [stored[number - 1] for number in numbers if 0 < number <= len(stored)]
    contents = {found.name: found.content(12) for found in own}
    sizes = [found.content(12) for found in stored if found.name == b"ispe"]
    size = contents.get(b"ispe") or max(sizes, key=_area, default=b"")
    turns, mirror = contents.get(b"irot"), contents.get(b"imir")
    orientation = None
    if turns or mirror:
        by_turns = _MIRRORED[mirror[0] & 1] if mirror else _TURNED
        orientation = by_turns[turns[0] & 3 if turns else 0]
    return *_extent(size), orientation


def _properties(box: Slice, main: int) -> list[int]:
    """The numbers of an item's properties, counted from 1."""
    numbers = Numbers(box.at(0, _MAX_BYTES))
    head = numbers.next(4)
    number_size, item_size = (2 if head & 1 else 1), (4 if head >> 24 else 2)
    numbers.skip(4)  # how many items there are
    while not numbers.is_at_end:
        item, count = numbers.next(item_size), numbers.next(1)
        if item == main:  # the highest bit only says whether a property is essential
            return [
                numbers.next(number_size) & (1 << 8 * number_size - 1) - 1 for _ in range(count)
            ]
        numbers.skip(count * number_size)
    return []


def _extent(content: bytes) -> tuple[int, int]:
    return int.from_bytes(content[4:8], "big"), int.from_bytes(content[8:12], "big")


def _area(content: bytes) -> int:
    width, height = _extent(content)
    return width * height
