import pytest

from librarian.formats import xmp

NAMESPACES = " ".join(
    (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"',
        'xmlns:exif="http://ns.adobe.com/exif/1.0/"',
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"',
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
        'xmlns:dc="http://purl.org/dc/elements/1.1/"',
        'xmlns:other="http://example.com/other/"',
        'xmlns:g="http://ns.google.com/photos/1.0/camera/"',
    )
)


def packet(inside: str, attributes: str = "") -> bytes:
    description = f"<rdf:Description {attributes}>{inside}</rdf:Description>"
    return (
        f'<?xpacket begin="x"?><x:xmpmeta xmlns:x="adobe:ns:meta/" {NAMESPACES}>'
        f"<rdf:RDF>{description}</rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    ).encode()


def test_attributes_and_elements_are_the_same_property() -> None:
    attribute = packet("", 'photoshop:DateCreated="2015-05-05T05:05:05+02:00"')
    element = packet("<photoshop:DateCreated>2015-05-05T05:05:05+02:00</photoshop:DateCreated>")

    assert xmp.tags(attribute) == xmp.tags(element)
    assert xmp.tags(element) == {"XMP:DateCreated": "2015-05-05T05:05:05+02:00"}


def test_a_name_of_another_namespace_is_not_the_date() -> None:
    tags = xmp.tags(packet("", 'other:CreateDate="1999-01-01" xmp:CreateDate="2020-02-02"'))

    assert tags == {"XMP-other:CreateDate": "1999-01-01", "XMP:CreateDate": "2020-02-02"}


def test_lists_titles_and_ratings() -> None:
    tags = xmp.tags(
        packet(
            "<dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>sun</rdf:li></rdf:Bag></dc:subject>"
            '<dc:title><rdf:Alt><rdf:li xml:lang="de">Meer</rdf:li>'
            '<rdf:li xml:lang="x-default">Sea</rdf:li></rdf:Alt></dc:title>',
            'xmp:Rating="5" g:MotionPhoto="1"',
        )
    )

    assert tags == {
        "XMP:Rating": 5,
        "XMP:MotionPhoto": 1,
        "XMP:Subject": ["sea", "sun"],
        "XMP:Title": "Sea",
    }


def test_entities_and_damage_give_nothing() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + packet("&b;")

    assert xmp.tags(bomb) == {}
    assert xmp.tags(b"") == {}
    assert xmp.tags(b"\xff\xfe<") == {}


def test_junk_behind_the_root_does_not_hide_it() -> None:
    assert xmp.tags(packet("", 'xmp:Rating="3"') + b"<junk>") == {"XMP:Rating": 3}


def test_a_packet_padded_with_blanks_and_zeros_is_read() -> None:
    padded = b"\0\0" + packet("", 'xmp:Rating="3"') + b"  \n\0\0"

    assert xmp.tags(padded) == {"XMP:Rating": 3}


def test_other_encodings_and_forbidden_characters_are_read() -> None:
    text = packet("<dc:title>Sée</dc:title>", 'xmp:Rating="3"').decode()

    for encoding in ("utf-16-be", "utf-16-le", "utf-16"):
        assert xmp.tags(text.encode(encoding)) == {"XMP:Rating": 3, "XMP:Title": "Sée"}
    assert xmp.tags(text.encode("latin-1"))["XMP:Rating"] == 3
    assert xmp.tags(text.replace("S", "\0\x05S").encode())["XMP:Title"] == "Sée"


def test_what_stands_before_damage_is_kept() -> None:
    damaged = packet("<dc:title>Sea</dc:title><dc:a/b>1</dc:a/b>", 'xmp:Rating="3"')

    assert xmp.tags(damaged) == {"XMP:Rating": 3, "XMP:Title": "Sea"}


def test_the_dates_of_another_picture_inside_are_not_those_of_this_one() -> None:
    inner = '<rdf:Description xmp:CreateDate="1999-01-01" other:Note="n"/>'
    pantry = f"<other:Pantry><rdf:Bag><rdf:li>{inner}</rdf:li></rdf:Bag></other:Pantry>"

    tags = xmp.tags(packet(pantry))

    assert "XMP:CreateDate" not in tags
    assert tags["XMP:Note"] == "n"


def test_very_many_elements_and_deep_nesting_end() -> None:
    assert xmp.tags(packet("<dc:a/>" * 200_000)) == {}
    assert xmp.tags(packet("<dc:a>" * 100_000)) == {}
    with pytest.raises(xmp.UnreadableXmpError, match="too many attributes"):
        xmp.read(packet("<dc:a " + " ".join(f"a{n}=''" for n in range(100_001)) + "/>"))
    with pytest.raises(xmp.UnreadableXmpError, match="too deeply nested"):
        xmp.read(packet("<dc:a>" * 1_000))
