import struct

import photos
from reading import facts


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def with_segment(marker: int, body: bytes) -> bytes:
    content = photos.jpeg(taken=None)
    return content[:2] + segment(marker, body) + content[2:]


def iptc(*records: tuple[int, bytes]) -> bytes:
    block = b"".join(
        b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(text)) + text
        for number, text in records
    )
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block
    return b"Photoshop 3.0\0" + resource + b"\0" * (len(resource) % 2)


def test_an_empty_iptc_record_costs_nothing_else() -> None:
    found = facts(with_segment(0xED, iptc((120, b""), (55, b"20050809"))))

    assert found.tags["IPTC:DateCreated"] == "20050809"
    assert found.problem is None


def test_a_jpeg_cut_within_its_segments_keeps_those_before() -> None:
    content = photos.jpeg(make="Canon")
    cut = content[: content.index(b"\xff\xdb") + 10]

    found = facts(cut)

    assert found.tags["EXIF:Make"] == "Canon"
    assert found.problem == "truncated"


def test_a_block_over_64_kib_goes_on_in_the_next_segment() -> None:
    block = photos.exif(make="x" * 70_000, model="EOS")
    first, second = block[:60_000], block[60_000:]
    content = photos.jpeg(taken=None)
    plain = content[: content.index(b"\xff\xe1")] + content[content.index(b"\xff\xdb") :]

    found = facts(
        plain[:2] + segment(0xE1, first) + segment(0xE1, b"Exif\0\0" + second) + plain[2:]
    )

    assert found.tags["EXIF:Model"] == "EOS"
    assert found.tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"


def test_a_jpeg_whose_coding_is_rare_is_not_called_damaged() -> None:
    content = photos.jpeg(size=(96, 64))
    lossless = content.replace(b"\xff\xc0", b"\xff\xc3", 1)

    found = facts(lossless)

    assert (found.width, found.height, found.problem) == (96, 64, None)


def test_comments_are_kept() -> None:
    assert facts(with_segment(0xFE, b"a boat")).tags["File:Comment"] == "a boat"


def test_the_date_of_an_early_casio_is_read() -> None:
    body = b"QVCI".ljust(77, b"\0") + b"1998.10.24.12.08.57\0"

    tags = facts(with_segment(0xE1, body)).tags

    assert tags["MakerNotes:DateTimeOriginal"] == "1998:10:24 12:08:57"
