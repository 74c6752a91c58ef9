import errno
import os
import struct
from collections.abc import Callable

import pytest
from PIL import Image

import photos
from librarian import reader_child
from librarian.domain.facts import Facts
from reading import facts

IDENTIFIER = "1EA799FF-8384-4BC4-87AA-139A814D9125"
PICTURES: dict[str, tuple[str, Callable[..., bytes]]] = {
    "jpeg": ("image/jpeg", photos.jpeg),
    "png": ("image/png", photos.png),
    "webp": ("image/webp", photos.webp),
    "tiff": ("image/tiff", photos.tiff),
    "heic": ("image/heic", photos.heic),
    "avif": ("image/avif", photos.avif),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_format_gives_date_camera_and_size(name: str) -> None:
    mime_type, make = PICTURES[name]

    found = facts(make(offset="+02:00", make="Canon", model="EOS R6", size=(96, 64)))

    assert (found.media_type, found.mime_type) == ("image", mime_type)
    assert (found.width, found.height) == (96, 64)
    assert found.tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"
    assert found.tags["EXIF:OffsetTimeOriginal"] == "+02:00"
    assert (found.tags["EXIF:Make"], found.tags["EXIF:Model"]) == ("Canon", "EOS R6")
    assert found.problem is None


@pytest.mark.parametrize("name", ["jpeg", "png", "tiff", "heic"])
def test_the_size_is_that_before_the_orientation(name: str) -> None:
    found = facts(PICTURES[name][1](orientation=6, size=(96, 64)))

    assert (found.orientation, found.width, found.height) == (6, 96, 64)


@pytest.mark.parametrize("value", [0, 9])
def test_an_impossible_orientation_is_none(value: int) -> None:
    assert facts(photos.jpeg(orientation=value)).orientation is None


def test_a_picture_without_metadata_has_a_size_alone() -> None:
    found = facts(photos.gif())

    assert (found.mime_type, found.width, found.height) == ("image/gif", 64, 48)
    assert found.problem is None


def test_xmp_of_a_jpeg_is_read_beside_its_exif() -> None:
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:p="http://ns.adobe.com/photoshop/1.0/" p:DateCreated="2015-05-05T05:05:05+02:00"/>'
        "</rdf:RDF></x:xmpmeta>"
    )

    tags = facts(photos.jpeg(xmp=packet)).tags

    assert tags["XMP:DateCreated"] == "2015-05-05T05:05:05+02:00"
    assert tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"


def test_texts_and_the_time_chunk_of_a_png_are_read() -> None:
    content = photos.png(texts={"Creation Time": "2019-07-14 10:00:00", "Title": "Sea"}, taken=None)
    time = struct.pack(">HBBBBB", 2020, 2, 3, 4, 5, 6)
    chunk = struct.pack(">I", 7) + b"tIME" + time + bytes(4)
    end = content.index(b"IEND") - 4

    tags = facts(content[:end] + chunk + content[end:]).tags

    assert tags["PNG:CreationTime"] == "2019-07-14 10:00:00"
    assert tags["PNG:Title"] == "Sea"
    assert tags["PNG:ModifyDate"] == "2020:02:03 04:05:06"


def test_metadata_behind_the_picture_of_a_png_is_read() -> None:
    content = photos.png(taken=None)
    block = photos.exif()
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block + bytes(4)
    end = content.index(b"IEND") - 4

    tags = facts(content[:end].replace(b"eXIf", b"eXIg") + chunk + content[end:]).tags

    assert tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"


def test_the_profile_that_imagemagick_writes_into_a_png_is_read() -> None:
    block = photos.exif()
    profile = f"\nexif\n{len(block):8}\n{block.hex()}\n"

    content = photos.png(taken=None, texts={"Raw profile type exif": profile})

    tags = facts(content.replace(b"eXIf", b"eXIg")).tags

    assert tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"


def test_the_iptc_profile_and_the_copies_of_exif_in_a_png_are_read() -> None:
    records = b"\x1c\x02\x37\x00\x0820140404"
    texts = {
        "Raw profile type iptc": f"\niptc\n{len(records):8}\n{records.hex()}\n",
        "exif:DateTimeOriginal": "2017:01:17 21:27:20",
        "exif:GPSLatitude": "32/1, 39/1, 1231/100",
        "exif:GPSAltitude": "25993/0",
        "CreationTime": "2019:01:01 00:08:50",
        "date:create": "2023-04-27T13:28:48+00:00",
    }

    tags = facts(photos.png(texts=texts).replace(b"eXIf", b"eXIg")).tags

    assert tags["IPTC:DateCreated"] == "20140404"
    assert tags["EXIF:DateTimeOriginal"] == "2017:01:17 21:27:20"
    assert tags["EXIF:GPSLatitude"] == [32, 39, 12.31]
    assert "EXIF:GPSAltitude" not in tags
    assert tags["PNG:CreationTime"] == "2019:01:01 00:08:50"
    assert tags["PNG:DateCreate"] == "2023-04-27T13:28:48+00:00"


def test_iptc_dates_of_a_jpeg_are_read() -> None:
    records = b"".join(
        b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(text)) + text
        for number, text in ((55, b"20140404"), (60, b"162000+0100"), (25, b"sea"), (25, b"sun"))
    )
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records
    segment = b"Photoshop 3.0\0" + resource + b"\0" * (len(resource) % 2)
    content = photos.jpeg(taken=None)

    tags = facts(
        content[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + content[2:]
    ).tags

    assert tags["IPTC:DateCreated"] == "20140404"
    assert tags["IPTC:TimeCreated"] == "162000+0100"
    assert tags["IPTC:Keywords"] == ["sea", "sun"]


@pytest.mark.parametrize(
    ("kind", "mime_type", "name", "date"),
    [
        ("mp4", "video/mp4", "QuickTime:CreateDate", "2023-07-01T10:00:00Z"),
        ("mov", "video/quicktime", "QuickTime:CreateDate", "2023-07-01T10:00:00Z"),
        ("matroska", "video/x-matroska", "Video:CreateDate", "2023-07-01T10:00:00Z"),
    ],
)
def test_every_video_format_gives_date_size_and_codec(
    kind: str, mime_type: str, name: str, date: str
) -> None:
    found = facts(photos.video(kind=kind))

    assert (found.media_type, found.mime_type) == ("video", mime_type)
    assert (found.width, found.height) == (64, 48)
    assert found.tags[name] == date
    assert found.tags["Video:Codec"] == "mpeg4"
    assert found.tags["Video:Duration"] == pytest.approx(0.3)


def test_the_handler_of_a_video_is_told() -> None:
    assert facts(photos.video(kind="mp4")).tags["Video:Handler"] == "VideoHandler"


@pytest.mark.parametrize(
    ("seconds_since_1601", "date"),
    [(12_743_457_814, "2004-10-28T17:23:34Z"), (11_644_473_600, None), (0, None), (1 << 40, None)],
)
def test_a_wmv_of_which_only_the_head_is_left_keeps_its_date(
    seconds_since_1601: int, date: str | None
) -> None:
    header = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<QIH", 134, 1, 0x201)
    properties = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365") + struct.pack("<Q", 104)
    ticks = struct.pack("<Q", seconds_since_1601 * 10_000_000)

    found = facts(header + properties + bytes(24) + ticks + bytes(48))

    assert found.tags.get("Video:CreateDate") == date
    assert found.problem is not None


def test_the_keys_of_apple_are_read_from_a_mov() -> None:
    apple = "com.apple.quicktime."

    found = facts(
        photos.video(
            kind="mov",
            tags={
                f"{apple}creationdate": "2023-07-01T12:00:00+0200",
                f"{apple}location.ISO6709": "+48.8125+002.4862+035.000/",
                f"{apple}content.identifier": IDENTIFIER,
            },
        )
    )

    assert found.tags["Keys:CreationDate"] == "2023-07-01T12:00:00+0200"
    assert found.tags["Keys:GPSCoordinates"] == "+48.8125+002.4862+035.000/"
    assert found.live_photo_id == IDENTIFIER


def test_the_position_of_a_3gp_is_as_exact_as_its_box() -> None:
    content = photos.video()
    numbers = struct.pack(">iii", round(-118.25431 * 65536), round(34.07539 * 65536), 12 << 16)
    place = b"\0\0\0\0\x15\xc7home\0\0" + numbers + b"earth\0\0"
    box = photos.boxes(("udta", photos.boxes(("loci", place))))
    start = content.index(b"moov") - 4
    size = int.from_bytes(content[start : start + 4], "big")
    moov = struct.pack(">I", size + len(box)) + content[start + 4 : start + size] + box

    found = facts(content[:start] + moov + content[start + size :])

    assert found.latitude_deg == pytest.approx(34.07539, abs=2e-5)
    assert found.longitude_deg == pytest.approx(-118.25431, abs=2e-5)
    assert found.altitude_m == 12


@pytest.mark.parametrize(
    ("matrix", "degrees"), [((0, 1, -1, 0), 90), ((-1, 0, 0, -1), 180), ((0, -1, 1, 0), 270)]
)
def test_the_rotation_of_a_video_is_kept(matrix: tuple[int, ...], degrees: int) -> None:
    content = bytearray(photos.video())
    start = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (number << 16 for number in matrix)
    content[start : start + 20] = struct.pack(">5i", a, b, 0, c, d)

    found = facts(bytes(content))

    assert found.tags["Video:Rotation"] == degrees
    assert (found.width, found.height) == (64, 48)


def test_a_cut_picture_keeps_its_metadata_and_names_the_problem() -> None:
    found = facts(photos.jpeg()[:-200])

    assert found.problem == "truncated"
    assert found.tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"


def test_bytes_of_no_kind_are_unknown() -> None:
    for content in (b"", b"\xff\xd8", b"<html>", bytes(5000)):
        assert facts(content).media_type == "unknown"


def test_a_huge_claim_costs_nothing() -> None:
    content = bytearray(photos.jpeg())
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"

    assert facts(bytes(content)).width == 0xFFDC


def test_a_size_that_no_column_holds_is_none() -> None:
    content = bytearray(photos.png())
    content[16:24] = b"\xff\xff\xff\xff\0\0\0\x40"

    found = facts(bytes(content))

    assert (found.width, found.height) == (None, 64)


def test_an_identifier_that_no_index_holds_pairs_nothing() -> None:
    tags = {"com.apple.quicktime.content.identifier": "x" * 5_000}

    found = facts(photos.video(kind="mov", tags=tags))

    assert found.live_photo_id is None
    assert len(str(found.tags["Keys:ContentIdentifier"])) == 5_000


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("seed", range(8))
def test_no_damage_raises(name: str, seed: int) -> None:
    content = bytearray(PICTURES[name][1](gps=(1.0, 2.0), make="Canon"))
    for number in range(40):
        content[(seed * 7919 + number * 104_729) % min(len(content), 900)] = (seed + number) & 0xFF

    assert isinstance(facts(bytes(content)), Facts)


def test_cr3_blocks_are_read() -> None:
    main = photos.exif(taken=None, make="Canon", model="EOS R6")[6:]
    capture = _first_directory(photos.exif(), 0x8769)
    uuid = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    metadata = photos.boxes(("CMT1", main), ("CMT2", capture))
    content = photos.boxes(
        ("ftyp", b"crx \0\0\0\1crx isom"),
        ("moov", photos.boxes(("uuid", uuid + metadata))),
    )

    found = facts(content)

    assert found.mime_type == "image/x-canon-cr3"
    assert found.tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"
    assert found.tags["EXIF:Model"] == "EOS R6"


def test_the_jpeg_inside_a_raf_is_read() -> None:
    inner = photos.jpeg(make="FUJIFILM")
    content = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">II", 92, len(inner)) + inner

    found = facts(content)

    assert found.tags["EXIF:DateTimeOriginal"] == "2023:07:01 12:00:00"
    assert found.tags["EXIF:Make"] == "FUJIFILM"


def test_the_heaps_of_a_crw_are_read() -> None:
    time = struct.pack("<I", 1_642_666_404)
    inner = time + struct.pack("<H", 1) + struct.pack("<HII", 0x180E, 4, 0) + struct.pack("<I", 4)
    outer = inner + struct.pack("<H", 1) + struct.pack("<HII", 0x300A, len(inner), 0)
    outer += struct.pack("<I", len(inner))
    content = (b"II" + struct.pack("<I", 26) + b"HEAPCCDR").ljust(26, b"\0") + outer

    assert facts(content).tags == {"MakerNotes:DateTimeOriginal": "2022:01:20 08:13:24"}


def test_an_error_of_the_disk_is_no_fault_of_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    read = os.pread

    def failing(fd: int, length: int, offset: int) -> bytes:
        if offset == 0 and length <= 4096:  # the head is read, then the disk fails
            return read(fd, length, offset)
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "pread", failing)

    with pytest.raises(OSError, match="input/output error"):
        facts(photos.jpeg())


def test_the_function_of_the_child_answers_with_json_of_the_facts(
    tmp_path: "os.PathLike[str]",
) -> None:
    path = os.path.join(tmp_path, "a.jpg")
    photos.jpeg(path)
    fd = os.open(path, os.O_RDONLY)

    reply = reader_child.read({"name": "a.jpg"}, fd)

    os.close(fd)
    assert Facts.from_json(reply).mime_type == "image/jpeg"  # type: ignore[arg-type]


def _first_directory(block: bytes, pointer: int) -> bytes:
    """The block with the directory a pointer names as its first."""
    exif = Image.Exif()
    exif.load(block)
    wanted = Image.Exif()
    wanted.update(exif.get_ifd(pointer))
    return wanted.tobytes()[6:]
