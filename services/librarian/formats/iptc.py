"""IPTC-IIM 4.2: the older captions and dates of press pictures."""

from collections.abc import Iterator

from PIL import ImageFile, IptcImagePlugin

from librarian.domain.facts import JSON
from librarian.formats import values
from librarian.formats.values import Tags

_NAMES = {
    (2, 5): "ObjectName",
    (2, 25): "Keywords",
    (2, 55): "DateCreated",
    (2, 60): "TimeCreated",
    (2, 62): "DigitalCreationDate",
    (2, 63): "DigitalCreationTime",
    (2, 80): "By-line",
    (2, 90): "City",
    (2, 92): "Sub-location",
    (2, 95): "Province-State",
    (2, 101): "Country-PrimaryLocationName",
    (2, 105): "Headline",
    (2, 116): "CopyrightNotice",
    (2, 120): "Caption-Abstract",
}


def tags(picture: ImageFile.ImageFile) -> Tags:
    """The IPTC records of an opened JPEG or TIFF; {} where there are none or they are damaged."""
    try:
        found = IptcImagePlugin.getiptcinfo(picture) or {}
    except Exception:  # noqa: BLE001  hostile bytes raise anything in there
        return {}
    return values.first(_named(found))


def _named(found: dict[tuple[int, int], bytes | list[bytes]]) -> Iterator[tuple[str, JSON]]:
    for number, value in found.items():
        if number in _NAMES:
            texts: list[JSON] = [
                values.text(item) for item in (value if isinstance(value, list) else [value])
            ]
            yield f"IPTC:{_NAMES[number]}", texts if number == (2, 25) else texts[0]
