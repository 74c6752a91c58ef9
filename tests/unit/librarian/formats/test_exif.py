import io
import struct

import pytest

import photos
from librarian.formats import exif


def test_dates_offset_and_subseconds_keep_the_form_of_the_file() -> None:
    block = photos.exif(taken="2023:07:01 12:00:00", offset="+02:00", subsec="045")

    tags = exif.of_block(block)

    assert tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"
    assert tags["EXIF:CreateDate"] == "2023:07:01 12:00:00"
    assert tags["EXIF:OffsetTimeOriginal"] == "+02:00"
    assert tags["EXIF:SubSecTimeOriginal"] == "045"


def test_a_position_is_three_numbers_and_a_reference() -> None:
    tags = exif.of_block(
        photos.exif(gps=(-33.5, 151.25), altitude=-12.5, gps_time="2023:07:01 10:00:30")
    )

    assert tags["EXIF:GPSLatitude"] == [33.0, 30.0, 0.0]
    assert (tags["EXIF:GPSLatitudeRef"], tags["EXIF:GPSLongitudeRef"]) == ("S", "E")
    assert (tags["EXIF:GPSAltitude"], tags["EXIF:GPSAltitudeRef"]) == (12.5, 1)
    assert (tags["EXIF:GPSDateStamp"], tags["EXIF:GPSTimeStamp"]) == ("2023:07:01", [10, 0, 30])


def test_the_first_directory_may_be_the_position() -> None:
    block = _directory([(1, 2, b"N\0\0\0"), (2, 5, struct.pack("<6I", 48, 1, 30, 1, 0, 0))])

    tags = exif.of_block(block, "GPS")

    assert tags == {"EXIF:GPSLatitudeRef": "N", "EXIF:GPSLatitude": [48.0, 30.0, None]}


def test_the_date_of_the_exif_directory_wins_over_that_of_the_main_one() -> None:
    block = bytearray(photos.exif(taken="2023:07:01 12:00:00", modified="2024:01:01 00:00:00"))
    main = (
        block.index(struct.pack("<H", 0x0132)) if block[6:8] == b"II" else block.index(b"\x01\x32")
    )
    block[main : main + 2] = struct.pack("<H", 0x9003) if block[6:8] == b"II" else b"\x90\x03"

    assert exif.of_block(bytes(block))["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"


@pytest.mark.parametrize("order", ["MM", "II"])
def test_the_live_photo_identifier_of_apple_is_found(order: str) -> None:
    mark = ">" if order == "MM" else "<"
    text = b"1EA799FF-8384-4BC4-87AA-139A814D9125\0"
    head = b"Apple iOS\0\0\1" + order.encode() + struct.pack(mark + "H", 1)
    note = head + struct.pack(mark + "HHII", 0x0011, 2, len(text), len(head) + 12) + text

    tags = exif.of_block(photos.exif() + note)

    assert tags["MakerNotes:ContentIdentifier"] == "1EA799FF-8384-4BC4-87AA-139A814D9125"


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"Exif\0\0",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 100,
        b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\0\0\0\0",  # points at itself
    ],
)
def test_nonsense_gives_no_dates_and_no_exception(block: bytes) -> None:
    assert "EXIF:DateTimeOriginal" not in exif.of_block(block)
    assert "EXIF:DateTimeOriginal" not in exif.of_file(io.BufferedReader(io.BytesIO(block)))


def test_a_value_without_denominator_is_no_number() -> None:
    block = _directory(
        [(0x829A, 5, struct.pack("<2I", 1, 0)), (0x829D, 5, struct.pack("<2I", 28, 10))]
    )

    assert exif.of_block(block) == {"EXIF:FNumber": 2.8}


def _directory(entries: list[tuple[int, int, bytes]]) -> bytes:
    """A little-endian TIFF block of one directory; types 2 (text) and 5 (fractions)."""
    after = 8 + 2 + 12 * len(entries) + 4
    made, data = struct.pack("<H", len(entries)), b""
    for tag, kind, value in entries:
        count = len(value) // 8 if kind == 5 else value.index(b"\0") + 1
        inline = value if len(value) <= 4 else struct.pack("<I", after + len(data))
        data += b"" if len(value) <= 4 else value
        made += struct.pack("<HHI", tag, kind, count) + inline
    return b"II*\0\x08\0\0\0" + made + bytes(4) + data
