import pytest

from librarian.domain import content_type

HEADS = {
    b"\xff\xd8\xff\xe1": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF89a": "image/gif",
    b"RIFF\0\0\0\0WEBP": "image/webp",
    b"RIFF\0\0\0\0AVI ": "video/x-msvideo",
    b"II*\0\x10\0\0\0CR": "image/x-canon-cr2",
    b"II*\0\x08\0\0\0\0\0": "image/tiff",
    b"IIRO\x08\0": "image/x-olympus-orf",
    b"IIU\0\x18\0": "image/x-panasonic-rw2",
    b"FUJIFILMCCD-RAW 0201": "image/x-fuji-raf",
    b"\0\0\0\x18ftypcrx \0\0\0\1crx isom": "image/x-canon-cr3",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic": "image/heic",
    b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif": "image/avif",
    b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf": "image/heif",
    b"\0\0\0\x14ftypqt  \0\0\0\0qt  ": "video/quicktime",
    b"\0\0\0\x08wide\0\0\0\0mdat": "video/quicktime",
    b"\0\0\0\x18ftyp3gp4\0\0\0\0isom3gp4": "video/3gpp",
    b"\0\0\0\x18ftypisom\0\0\0\0isommp42": "video/mp4",
    b"\xff\x0a\xfa": "image/jxl",
    b"BM" + bytes(12) + b"\x28\0\0\0": "image/bmp",
    b"\x1aE\xdf\xa3\xa3": "video/x-matroska",
    (b"\x47" + bytes(187)) * 4: "video/mp2t",
    (bytes(4) + b"\x47" + bytes(187)) * 4: "video/mp2t",
}


@pytest.mark.parametrize(("head", "mime_type"), HEADS.items(), ids=HEADS.values())
def test_content_is_known_by_its_leading_bytes(head: bytes, mime_type: str) -> None:
    found = content_type.detect(head)

    assert found is not None
    assert found.mime_type == mime_type
    assert found.mime_type.startswith(found.media_type + "/")


@pytest.mark.parametrize(
    "head", [b"", b"\xff", b"RIFF", b"<html>", b"{}", b"BM", b"G" * 400, b"\0\0\0\x14ftypM4A "]
)
def test_other_content_is_not_recognised(head: bytes) -> None:
    assert content_type.detect(head) is None or head[0:1] == b"G"


def test_a_raw_file_is_told_from_tiff_by_its_first_directory() -> None:
    entry = b"\x12\xc6\x01\0\x04\0\0\0\x01\x04\0\0"

    found = content_type.detect(b"II*\0\x08\0\0\0\x01\0" + entry)

    assert found is not None
    assert found.mime_type == "image/x-adobe-dng"


@pytest.mark.parametrize("cut", range(0, 40, 3))
def test_a_cut_tiff_is_still_a_tiff(cut: int) -> None:
    whole = b"MM\0*\0\0\0\x08\0\x02" + b"\x01\x0f\0\x02\0\0\0\x06\0\0\0\x26" * 2

    found = content_type.detect(whole[: 4 + cut])

    assert found is not None
    assert found.mime_type == "image/tiff"
