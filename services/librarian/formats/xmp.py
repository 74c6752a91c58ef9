"""XMP packets (ISO 16684-1): RDF/XML of a picture, a video or a sidecar."""

import itertools
import re
from collections.abc import Iterator
from typing import cast
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import defusedxml
from defusedxml import ElementTree
from typing_extensions import override

from librarian.domain.facts import JSON
from librarian.formats import values
from librarian.formats.values import Tags

MAX_PACKET_BYTES = 8 << 20
_MAX_PROPERTIES = 10_000
_MAX_ELEMENTS = 100_000  # some 40 MB of objects
_MAX_DEPTH = 200
_MAX_ATTRIBUTES = 100_000
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_EXIF, _TIFF = "{http://ns.adobe.com/exif/1.0/}", "{http://ns.adobe.com/tiff/1.0/}"
_PHOTOSHOP, _BASIC = "{http://ns.adobe.com/photoshop/1.0/}", "{http://ns.adobe.com/xap/1.0/}"
_CAMERA = "{http://ns.google.com/photos/1.0/camera/}"
# Names whose meaning depends on the namespace; in others they are stored as "XMP-<ns>:Name".
_EXACT = {
    f"{_EXIF}DateTimeOriginal": "XMP:DateTimeOriginal",
    f"{_EXIF}DateTimeDigitized": "XMP:DateTimeDigitized",
    f"{_EXIF}GPSTimeStamp": "XMP:GPSDateTime",
    f"{_EXIF}GPSLatitude": "XMP:GPSLatitude",
    f"{_EXIF}GPSLongitude": "XMP:GPSLongitude",
    f"{_EXIF}GPSAltitude": "XMP:GPSAltitude",
    f"{_EXIF}GPSAltitudeRef": "XMP:GPSAltitudeRef",
    f"{_TIFF}Make": "XMP:Make",
    f"{_TIFF}Model": "XMP:Model",
    f"{_TIFF}Orientation": "XMP:Orientation",
    f"{_PHOTOSHOP}DateCreated": "XMP:DateCreated",
    f"{_BASIC}CreateDate": "XMP:CreateDate",
    f"{_BASIC}ModifyDate": "XMP:ModifyDate",
    f"{_BASIC}Rating": "XMP:Rating",
    f"{_CAMERA}MotionPhoto": "XMP:MotionPhoto",
    f"{_CAMERA}MicroVideo": "XMP:MotionPhoto",
}
_OWN = set(_EXACT.values())
_RESERVED = {name.partition(":")[2] for name in _OWN}
_ROOTS = (b"x:xmpmeta", b"x:xapmeta", b"rdf:RDF")
_FORBIDDEN = dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF))
_NAME = re.compile(r"\{(.*)\}(.*)")


class UnreadableXmpError(ValueError):
    """The packet is no well-formed XML, or too large."""


class _Builder(TreeBuilder):
    """Builds the tree of a packet that is no bomb."""

    def __init__(self) -> None:
        super().__init__()
        self._elements = self._depth = 0

    @override
    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._elements += 1
        self._depth += 1
        if self._elements > _MAX_ELEMENTS or self._depth > _MAX_DEPTH:
            raise UnreadableXmpError("too many elements, or too deeply nested")
        return super().start(tag, attrs)

    @override
    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def tags(packet: bytes | str) -> Tags:
    """The properties of a packet, as far as it can be read; {} where it is none or too large."""
    try:
        root, _ = _parsed(packet)
    except UnreadableXmpError:
        return {}
    return _tags(root)


def read(packet: bytes | str) -> Tags:
    """The properties of a packet; raises UnreadableXmpError, also for one that is only damaged.

    Numbers stay text but for XMP:Rating and XMP:Orientation; lists are lists.
    """
    root, damage = _parsed(packet)
    if damage is not None:
        raise UnreadableXmpError(f"not well-formed: {damage}") from damage
    return _tags(root)


def _tags(root: Element | None) -> Tags:
    properties = () if root is None else _properties(root)
    return values.first(itertools.islice(properties, _MAX_PROPERTIES))


def _parsed(packet: bytes | str) -> tuple[Element | None, ParseError | None]:
    """The root element with all that stands before the first damage, and that damage."""
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "surrogatepass")
    if len(packet) > MAX_PACKET_BYTES:
        raise UnreadableXmpError(f"{len(packet)} bytes are too many")
    if packet.count(b"=") > _MAX_ATTRIBUTES:  # an element may have all of them
        raise UnreadableXmpError("too many attributes")
    root, damage = _fed(_document(packet))
    return (root, None) if damage is None else _fed(_document(_clean(packet)))


def _fed(document: bytes) -> tuple[Element | None, ParseError | None]:
    builder, damage = _Builder(), None
    parser = ElementTree.DefusedXMLParser(target=builder)
    try:
        parser.feed(document)
        parser.close()
    except ParseError as error:
        damage = error
    except (defusedxml.DefusedXmlException, ValueError, LookupError) as error:
        raise UnreadableXmpError(f"not well-formed: {error}") from error
    return cast("Element | None", builder.close()), damage


def _clean(packet: bytes) -> bytes:
    """UTF-8 without what XML forbids: some programs write UTF-16, Latin-1 or zeros for blanks."""
    encoding, head = "utf-8", packet[:8]
    if b"<\0" in head:
        encoding = "utf-16-be" if b"\0<\0" in head else "utf-16-le"
    return packet.decode(encoding, "replace").translate(_FORBIDDEN).encode()


def _document(packet: bytes) -> bytes:
    """The packet's root element; what stands around it is often padding or damaged."""
    for name in _ROOTS:
        start = packet.find(b"<" + name)
        end = packet.find(b"</" + name, start)
        if 0 <= start < end:
            return packet[start : packet.find(b">", end) + 1]
    return packet[max(packet.find(b"<"), 0) : packet.rfind(b">") + 1]


def _properties(root: Element) -> Iterator[tuple[str, JSON]]:
    """Those of the picture, then those of its parts, sources and history, but for their dates."""
    for rdf in root.iter(f"{_RDF}RDF"):
        for description in rdf.findall(f"{_RDF}Description"):
            yield from _described(description)
    for description in root.iter(f"{_RDF}Description"):
        for name, value in _described(description):
            if name not in _OWN:
                yield name, value


def _described(description: Element) -> Iterator[tuple[str, JSON]]:
    for qualified, text in description.attrib.items():
        if name := _named(qualified):
            yield name, _typed(name, text)
    for item in description:
        if name := _named(item.tag):
            yield name, _typed(name, _content(item))


def _named(qualified: str) -> str | None:
    if qualified in _EXACT:
        return _EXACT[qualified]
    found = _NAME.fullmatch(qualified)
    if found is None or qualified.startswith(_RDF):
        return None
    space, name = found.groups()
    if name not in _RESERVED:
        return f"XMP:{name[:1].upper()}{name[1:]}"
    words = [word for word in re.split(r"[/:#.]", space) if word and not word.isdigit()]
    return f"XMP-{words[-1] if words else 'other'}:{name}"


def _content(item: Element) -> JSON:
    """Text, a list (Seq, Bag), the default language of an Alt; nothing for structures."""
    if not len(item):
        return (item.text or "").strip()
    members = item.findall(f"{_RDF}Alt/{_RDF}li")
    if members:
        chosen = [one for one in members if one.get(_XML_LANG) == "x-default"] or members
        return (chosen[0].text or "").strip()
    members = item.findall(f"{_RDF}Seq/{_RDF}li") + item.findall(f"{_RDF}Bag/{_RDF}li")
    if members:
        return [(member.text or "").strip() for member in members[: values.MAX_ITEMS]]
    return (item.text or "").strip()


def _typed(name: str, value: JSON) -> JSON:
    if name in {"XMP:Rating", "XMP:Orientation", "XMP:MotionPhoto"} and isinstance(value, str):
        try:
            return int(float(value))
        except (ValueError, OverflowError):
            return value
    if isinstance(value, list) and len(value) == 1 and name.endswith(("Date", "DateTimeOriginal")):
        return value[0]
    return value
