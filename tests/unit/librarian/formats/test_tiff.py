import struct

import pytest

import photos
from reading import facts

Entry = tuple[int, int, int, int]  # tag, type, number of values, value or offset
LONG, SHORT, TEXT = 4, 3, 2


def directory(*entries: Entry) -> bytes:
    packed = (struct.pack("<HHII", *entry) for entry in sorted(entries))
    return struct.pack("<H", len(entries)) + b"".join(packed) + bytes(4)


def tiff(*entries: Entry, start: int = 8, behind: bytes = b"") -> bytes:
    head = b"II*\0" + struct.pack("<I", start)
    return head.ljust(start, b"\0") + directory(*entries) + behind


def test_a_tiff_that_no_decoder_opens_is_not_called_damaged() -> None:
    content = tiff((256, LONG, 1, 73), (257, LONG, 1, 43), (258, SHORT, 1, 12), (262, SHORT, 1, 7))

    found = facts(content)

    assert (found.mime_type, found.width, found.height) == ("image/tiff", 73, 43)
    assert found.problem is None


def test_a_big_tiff_gives_its_size() -> None:
    entries = [(256, SHORT, 1, 73), (257, LONG, 1, 43)]
    packed = b"".join(struct.pack("<HHQQ", *entry) for entry in entries)
    content = b"II+\0\10\0\0\0" + struct.pack("<QQ", 16, len(entries)) + packed

    found = facts(content)

    assert (found.mime_type, found.width, found.height) == ("image/tiff", 73, 43)


def test_strips_behind_the_end_are_missing() -> None:
    size = (256, LONG, 1, 73), (257, LONG, 1, 43)

    assert facts(tiff(*size, (273, LONG, 1, 8), (279, LONG, 1, 5_000))).problem == "truncated"
    assert facts(photos.tiff()[:20]).problem == "truncated"


@pytest.mark.parametrize(
    ("make", "entries", "mime_type"),
    [
        (b"NIKON CORPORATION\0", [(0xFE, LONG, 1, 1), (0x14A, LONG, 1, 0)], "image/x-nikon-nef"),
        (
            b"NIKON CORPORATION\0",
            [(0xFE, LONG, 1, 0), (0x106, SHORT, 1, 2), (0x14A, LONG, 1, 0)],
            "image/tiff",
        ),
        (b"RICOH IMAGING COMPANY\0", [(0x106, SHORT, 1, 32803)], "image/x-pentax-pef"),
        (b"PENTAX K-1 Mark II\0", [(0x106, SHORT, 1, 2)], "image/tiff"),
        (b"Leica Camera AG\0", [(0xC612, 1, 4, 0x0401)], "image/x-adobe-dng"),
    ],
)
@pytest.mark.parametrize("start", [200, 6000])
def test_raw_formats_are_told_from_tiff_wherever_their_directory_stands(
    make: bytes, entries: list[Entry], mime_type: str, start: int
) -> None:
    camera = (0x10F, TEXT, len(make), 8)
    content = bytearray(tiff(camera, *entries, start=start))
    content[8 : 8 + len(make)] = make

    assert facts(bytes(content)).mime_type == mime_type


def test_the_size_of_a_raw_file_is_that_of_its_largest_picture() -> None:
    make = b"NIKON\0"
    sub = directory((256, LONG, 1, 4992), (257, LONG, 1, 3280))
    main = [(0xFE, LONG, 1, 1), (256, LONG, 1, 160), (257, LONG, 1, 120)]
    start = 40
    place = start + 2 + 12 * 5 + 4
    content = bytearray(
        tiff(*main, (0x10F, TEXT, 6, 8), (0x14A, LONG, 1, place), start=start, behind=sub)
    )
    content[8:14] = make

    found = facts(bytes(content))

    assert (found.mime_type, found.width, found.height) == ("image/x-nikon-nef", 4992, 3280)


def test_the_size_of_an_rw2_is_between_the_borders_of_its_sensor() -> None:
    borders = ((4, 8), (5, 16), (6, 2744), (7, 3664))
    content = bytearray(tiff(*((tag, SHORT, 1, value) for tag, value in borders)))
    content[:4] = b"IIU\0"

    found = facts(bytes(content))

    assert (found.mime_type, found.width, found.height) == ("image/x-panasonic-rw2", 3648, 2736)


def test_directories_that_name_each_other_end() -> None:
    content = tiff((0xFE, LONG, 1, 1), (0x14A, LONG, 0xFFFFFFFF, 8), (0x10F, TEXT, 1 << 31, 8))

    assert facts(content).media_type == "image"
