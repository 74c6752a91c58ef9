"""XMP packets (ISO 16684-1): RDF/XML of a picture, a video or a sidecar."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

import defusedxml
from defusedxml import ElementTree

from librarian.domain.facts import JSON
from librarian.formats import values
from librarian.formats.values import Tags

MAX_PACKET_BYTES = 8 << 20
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
_RESERVED = {name.partition(":")[2] for name in _EXACT.values()}
_ROOTS = (b"x:xmpmeta", b"x:xapmeta", b"rdf:RDF")
_NAME = re.compile(r"\{(.*)\}(.*)")


class UnreadableXmpError(ValueError):
    """The packet is no well-formed XML, or too large."""


def tags(packet: bytes | str) -> Tags:
    """The properties of a packet; {} where it is none, is damaged or too large."""
    try:
        return read(packet)
    except UnreadableXmpError:
        return {}


def read(packet: bytes | str) -> Tags:
    """The properties of a packet; raises UnreadableXmpError.

    Numbers stay text but for XMP:Rating and XMP:Orientation; lists are lists.
    """
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "surrogatepass")
    if len(packet) > MAX_PACKET_BYTES:
        raise UnreadableXmpError(f"{len(packet)} bytes are too many")
    try:
        root = ElementTree.fromstring(_document(packet))
    except (ParseError, defusedxml.DefusedXmlException, ValueError, LookupError) as error:
        raise UnreadableXmpError(f"not well-formed: {error}") from error
    return values.first(_properties(root))


def _document(packet: bytes) -> bytes:
    """The packet's root element; what stands around it is often padding or damaged."""
    for name in _ROOTS:
        start = packet.find(b"<" + name)
        end = packet.find(b"</" + name, start)
        if 0 <= start < end:
            return packet[start : packet.find(b">", end) + 1]
    return packet[max(packet.find(b"<"), 0) : packet.rfind(b">") + 1]


def _properties(root: Element) -> Iterator[tuple[str, JSON]]:
    for description in root.iter(f"{_RDF}Description"):
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
