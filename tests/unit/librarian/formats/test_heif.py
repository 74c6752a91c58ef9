import struct

import pytest

import photos
from reading import facts

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:e="http://ns.adobe.com/exif/1.0/" e:DateTimeOriginal="2015-05-05T05:05:05"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def full(version: int, body: bytes, flags: int = 0) -> bytes:
    return struct.pack(">I", version << 24 | flags) + body


def extent(width: int, height: int) -> tuple[str, bytes]:
    return ("ispe", full(0, struct.pack(">II", width, height)))


def heif(properties: list[tuple[str, bytes]], main: list[int], items: dict[int, bytes]) -> bytes:
    """A file whose item 1 is the picture; `items`: contents of EXIF (2) and XMP (3), in idat."""
    kinds = {1: b"hvc1\0", 2: b"Exif\0", 3: b"mime\0application/rdf+xml\0"}
    entries = [
        ("infe", full(2, struct.pack(">HH", item, 0) + kind)) for item, kind in kinds.items()
    ]
    locations, data = b"", b""
    for item, content in items.items():
        locations += struct.pack(">HHHHII", item, 1, 0, 1, len(data), len(content))
        data += content
    own = b"".join(bytes([0x80 | number]) for number in main)
    associations = struct.pack(">IHB", 1, 1, len(main)) + own
    meta = photos.boxes(
        ("hdlr", full(0, b"\0\0\0\0pict" + bytes(13))),
        ("pitm", full(0, struct.pack(">H", 1))),
        ("iinf", full(0, struct.pack(">H", len(entries)) + photos.boxes(*entries))),
        (
            "iprp",
            photos.boxes(("ipco", photos.boxes(*properties)), ("ipma", full(0, associations))),
        ),
        ("idat", data),
        ("iloc", full(1, b"\x44\0" + struct.pack(">H", len(items)) + locations)),
    )
    return photos.boxes(("ftyp", b"mif1\0\0\0\0mif1miaf"), ("meta", full(0, meta)))


def test_the_size_is_that_of_the_main_picture_not_of_the_largest() -> None:
    found = facts(heif([extent(512, 512), extent(96, 64)], [2], {}))

    assert (found.mime_type, found.width, found.height) == ("image/heif", 96, 64)
    assert found.problem is None


def test_items_of_exif_and_xmp_are_read_without_any_decoder() -> None:
    block = b"\0\0\0\6" + photos.exif(make="Canon")

    tags = facts(heif([extent(96, 64)], [1], {2: block, 3: XMP})).tags

    assert tags["EXIF:Make"] == "Canon"
    assert tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"
    assert tags["XMP:DateTimeOriginal"] == "2015-05-05T05:05:05"


@pytest.mark.parametrize(
    ("turns", "mirror", "orientation"),
    [(1, None, 8), (3, None, 6), (None, 1, 2), (None, 0, 4), (1, 1, 7), (3, 0, 7)],
)
def test_rotation_and_mirror_are_the_orientation(
    turns: int | None, mirror: int | None, orientation: int
) -> None:
    properties = [extent(96, 64)]
    if turns is not None:
        properties.append(("irot", bytes([turns])))
    if mirror is not None:
        properties.append(("imir", bytes([mirror])))

    found = facts(heif(properties, list(range(1, len(properties) + 1)), {}))

    assert (found.orientation, found.width, found.height) == (orientation, 96, 64)


def test_what_exif_says_of_the_orientation_stands_first() -> None:
    block = b"\0\0\0\6" + photos.exif(orientation=3)

    found = facts(heif([extent(96, 64), ("irot", b"\1")], [1, 2], {2: block}))

    assert found.orientation == 3


def test_impossible_places_and_numbers_cost_nothing() -> None:
    content = bytearray(heif([extent(96, 64)], [1], {2: b"\0\0\0\6" + photos.exif()}))
    place = content.index(b"iloc") + 8
    content[place : place + 40] = b"\xff" * 40

    found = facts(bytes(content))

    assert (found.width, found.height) == (96, 64)
