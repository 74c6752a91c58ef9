import io
import struct

import pytest
from PIL import Image

import photos
from reading import facts

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:e="http://ns.adobe.com/exif/1.0/" e:DateTimeOriginal="2015-05-05T05:05:05"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_gif_is_truncated(share: float) -> None:
    content = photos.gif()

    assert facts(content).problem is None
    assert facts(content[: int(len(content) * share)]).problem == "truncated"


def test_a_gif_may_be_followed_by_anything() -> None:
    assert facts(photos.gif() + b"junk").problem is None


def test_xmp_and_comment_behind_the_picture_of_a_gif_are_read() -> None:
    packet = b"!\xff\x0bXMP DataXMP" + XMP + b"\1" + bytes(range(255, -1, -1)) + b"\0"
    comment = b"!\xfe\x05hello\0"

    found = facts(photos.gif()[:-1] + comment + packet + b";")

    assert found.tags["XMP:DateTimeOriginal"] == "2015-05-05T05:05:05"
    assert found.tags["File:Comment"] == "hello"
    assert found.problem is None


@pytest.mark.parametrize("lossless", [False, True])
def test_the_size_of_a_plain_webp_is_in_its_picture(*, lossless: bool) -> None:
    made = io.BytesIO()
    Image.new("RGB", (70, 31)).save(made, "WEBP", lossless=lossless)

    found = facts(made.getvalue())

    assert (found.width, found.height, found.problem) == (70, 31, None)


def test_a_bitmap_of_a_rare_kind_is_not_called_damaged() -> None:
    header = struct.pack("<IiiHHI", 40, 30, -20, 1, 16, 3) + bytes(20)
    body = header + struct.pack("<III", 0xF00, 0xF0, 0xF) + bytes(1200)

    found = facts(b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, 66) + body)

    assert (found.width, found.height, found.problem) == (30, 20, None)


def test_a_jpeg_2000_gives_size_exif_and_xmp() -> None:
    image_header = struct.pack(">IIHBBBB", 48, 64, 3, 7, 7, 0, 0)
    content = photos.boxes(
        ("jP  ", b"\r\n\x87\n"),
        ("ftyp", b"jp2 \0\0\0\0jp2 "),
        ("jp2h", photos.boxes(("ihdr", image_header))),
        ("uuid", b"JpgTiffExif->JP2" + photos.exif()[6:]),
        ("uuid", XMP_UUID + XMP),
    )

    found = facts(content)

    assert (found.mime_type, found.width, found.height) == ("image/jp2", 64, 48)
    assert found.tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"
    assert found.tags["XMP:DateTimeOriginal"] == "2015-05-05T05:05:05"
