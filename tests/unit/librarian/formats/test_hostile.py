"""Counts, loops and sizes that promise more than a file holds cost next to nothing."""

import io
import struct
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from typing_extensions import override

import photos
from librarian.formats import exif
from reading import facts

MEBIBYTE = 1 << 20
ASCII = 2


class Counted(io.BytesIO):
    """Bytes that count how often they are read, and remember the longest wish."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.reads = 0
        self.longest = 0

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        self.longest = max(self.longest, len(self.getbuffer()) if size in {None, -1} else size or 0)
        return super().read(size)


@pytest.fixture
def memory() -> Iterator[None]:
    """Fails a test whose peak of memory is above 64 MiB."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * MEBIBYTE


def tiff(*directories: bytes) -> bytes:
    return b"II*\0\x08\0\0\0" + b"".join(directories)


def directory(count: int, behind: int = 0) -> bytes:
    entry = struct.pack("<HHII", 0x010F, ASCII, 0xFFFFFFFF, 8)
    return struct.pack("<H", count) + entry * count + struct.pack("<I", behind)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*chunks: bytes) -> bytes:
    content = photos.png(taken=None)
    return content[:33] + b"".join(chunks) + content[33:]


def test_exifread_is_given_no_more_than_some_reads_of_some_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exif, "_MAX_READS", 2_000)
    file = Counted(tiff(directory(65_535)))

    exif.of_file(file)

    assert file.reads < 2_010
    assert file.longest <= MEBIBYTE


@pytest.mark.parametrize("last", [0, 8])
def test_chains_and_circles_of_directories_end(last: int) -> None:
    size = len(directory(1))
    chain = [directory(1, 8 + size * (number + 1)) for number in range(5_000)]

    assert facts(tiff(*chain, directory(1, last))).mime_type == "image/tiff"


@pytest.mark.usefixtures("memory")
def test_many_values_of_the_same_bytes_are_not_copied_for_each() -> None:
    entries = b"".join(struct.pack("<HHII", tag, 7, 1 << 30, 0) for tag in range(5_000))
    block = b"Exif\0\0" + tiff(struct.pack("<H", 5_000) + entries + bytes(4))
    content = photos.jpeg(taken=None)
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block

    assert facts(content[:2] + segment + content[2:]).width == 64


@pytest.mark.usefixtures("memory")
def test_texts_that_unpack_to_gigabytes_are_cut_all_together() -> None:
    bomb = zlib.compress(bytes(8 * MEBIBYTE), 9)
    chunks = [chunk(b"zTXt", b"C%d\0\0" % number + bomb) for number in range(100)]
    packet = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb)

    assert facts(png(*chunks, packet, chunk(b"iCCP", b"p\0\0" + bomb))).width == 64


@pytest.mark.usefixtures("memory")
def test_boxes_within_boxes_without_end_are_not_entered() -> None:
    for name, version in ((b"moov", b""), (b"meta", bytes(4))):
        nest = b""
        for _ in range(10_000):
            nest = struct.pack(">I", len(nest) + 8 + len(version)) + name + version + nest
        for brand in (b"isom", b"heic", b"crx "):
            facts(b"\0\0\0\x10ftyp" + brand + bytes(4) + nest)


def test_heaps_of_a_crw_that_name_each_other_end() -> None:
    heap = struct.pack("<H", 200) + struct.pack("<HII", 0x300A, 0xFFFFFFFF, 0) * 200
    head = (b"II" + struct.pack("<I", 26) + b"HEAPCCDR").ljust(26, b"\0")

    assert facts(head + heap + struct.pack("<I", 0)).mime_type == "image/x-canon-crw"


def test_countless_scans_chunks_and_blocks_end() -> None:
    scans = photos.jpeg()[:2] + b"\xff\xda\0\2" * 20_000
    chunks = png(chunk(b"tEXt", b"a\0b") * 20_000)
    blocks = photos.gif()[:13] + b"!\xfe\1a\0" * 20_000

    assert [facts(content).media_type for content in (scans, chunks, blocks)] == ["image"] * 3


def test_a_video_whose_tables_claim_billions_has_a_reason() -> None:
    content = bytearray(photos.video())
    content[content.index(b"stts") + 8 :][:4] = b"\x7f\xff\xff\xff"
    content[content.index(b"stsz") + 12 : content.index(b"stsz") + 16] = b"\x7f\xff\xff\xff"

    found = facts(bytes(content))

    assert found.media_type == "video"
    assert found.problem is not None
