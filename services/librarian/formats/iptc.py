"""IPTC-IIM 4.2: the older captions and dates of press pictures, also in Photoshop's resources."""

import itertools
from collections.abc import Iterator

from librarian.domain.facts import JSON
from librarian.formats import values
from librarian.formats.values import Tags

MAX_BYTES = 8 << 20
_MAX_RECORDS = 10_000
_MARK = 0x1C
_KEYWORDS = 25
_NAMES = {
    5: "ObjectName",
    _KEYWORDS: "Keywords",
    55: "DateCreated",
    60: "TimeCreated",
    62: "DigitalCreationDate",
    63: "DigitalCreationTime",
    80: "By-line",
    90: "City",
    92: "Sub-location",
    95: "Province-State",
    101: "Country-PrimaryLocationName",
    105: "Headline",
    116: "CopyrightNotice",
    120: "Caption-Abstract",
}
_RESOURCE = 0x0404


def of_block(block: bytes) -> Tags:
    """The tags of a block of records, as far as it can be read."""
    keywords: list[JSON] = []
    found: Tags = {}
    for number, value in itertools.islice(_records(block), _MAX_RECORDS):
        if number == _KEYWORDS:
            keywords.append(values.text(value))
        elif number in _NAMES:
            found.setdefault(f"IPTC:{_NAMES[number]}", values.text(value))
    return values.first(found.items(), {"IPTC:Keywords": keywords[: values.MAX_ITEMS]}.items())


def of_resources(resources: bytes) -> Tags:
    """The same, of the image resources that Photoshop writes (Adobe Photoshop File Formats)."""
    blocks: list[bytes] = []
    position = resources.find(b"8BIM")
    while 0 <= position < len(resources) - 11:
        kind = int.from_bytes(resources[position + 4 : position + 6], "big")
        name = resources[position + 6] + 1
        start = position + 6 + name + name % 2 + 4
        length = int.from_bytes(resources[start - 4 : start], "big")
        if kind == _RESOURCE:
            blocks.append(resources[start : start + length])
        position = resources.find(b"8BIM", start + length)
    return of_block(b"".join(blocks))


def _records(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and value of each record of the application section (2)."""
    position = block.find(_MARK)
    while 0 <= position <= len(block) - 5:
        section, number = block[position + 1], block[position + 2]
        length = int.from_bytes(block[position + 3 : position + 5], "big")
        if length & 0x8000:  # a longer length follows: only of embedded previews
            return
        if section == 2:
            yield number, block[position + 5 : position + 5 + length]
        position = block.find(_MARK, position + 5 + length)
