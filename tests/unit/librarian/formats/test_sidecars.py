import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from librarian.domain.companions import CompanionKind
from librarian.domain.facts import CompanionFacts
from librarian.formats import sidecars

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"
 exif:DateTimeOriginal="2005-06-09T20:09:27+02:00" exif:GPSLatitude="33,51.5S"
 exif:GPSLongitude="151,12.0E"/></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_sidecar_tells_date_and_position(encoding: str) -> None:
    found = sidecars.read(CompanionKind.XMP, XMP.encode(encoding))

    assert found.tags["XMP:DateTimeOriginal"] == "2005-06-09T20:09:27+02:00"
    assert (found.latitude_deg, found.longitude_deg) == pytest.approx((-33.858333, 151.2))


def takeout(timestamp: object, latitude: object, longitude: object) -> bytes:
    geo = {"latitude": latitude, "longitude": longitude, "altitude": 0.0}
    return json.dumps({"photoTakenTime": {"timestamp": timestamp}, "geoData": geo}).encode()


def test_takeout_tells_the_instant_and_the_position() -> None:
    found = sidecars.read(CompanionKind.TAKEOUT, takeout("1552280767", 55.2, 9.3))

    tags = {"Takeout:PhotoTakenTime": "2019-03-11T05:06:07+00:00"}
    assert found == CompanionFacts("takeout", tags, 55.2, 9.3)


def test_takeout_may_tell_of_times_before_1970_and_of_no_place() -> None:
    found = sidecars.takeout_facts(takeout("-86400", 0.0, 0.0))

    assert found.tags == {"Takeout:PhotoTakenTime": "1969-12-31T00:00:00+00:00"}
    assert found.latitude_deg is None


@pytest.mark.parametrize("timestamp", ["0", "", "soon", None, "9" * 30, True, {}])
def test_an_impossible_instant_is_left_out(timestamp: object) -> None:
    assert sidecars.takeout_facts(takeout(timestamp, None, "x")) == CompanionFacts("takeout")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"[" * 100_000, b"\xff\xfe\xff"])
@pytest.mark.parametrize("kind", [CompanionKind.TAKEOUT, CompanionKind.XMP])
def test_damage_is_an_error_of_its_own(kind: CompanionKind, content: bytes) -> None:
    with pytest.raises(sidecars.UnreadableCompanionError):
        sidecars.read(kind, content)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'

    with pytest.raises(sidecars.UnreadableCompanionError):
        sidecars.read(CompanionKind.XMP, bomb.encode())


def test_edits_alone_tell_nothing() -> None:
    assert sidecars.read(CompanionKind.AAE, b"<plist/>") == CompanionFacts("aae")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists), st.text())
def test_no_takeout_is_too_strange(value: object, timestamp: str) -> None:
    sidecars.takeout_facts(takeout(value, value, 1.0))
    sidecars.takeout_facts(takeout(timestamp, 1.0, value))


def test_a_takeout_file_of_very_many_values_is_not_read() -> None:
    flood = b'{"title": "a.jpg", "values": [' + b"{}," * 100_001 + b"{}]}"
    with pytest.raises(sidecars.UnreadableCompanionError, match="too many values"):
        sidecars.read(CompanionKind.TAKEOUT, flood)
