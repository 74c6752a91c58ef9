"""Previews inside RAW files."""

import photos
from thumbnailer.domain import embedded


def test_the_largest_jpeg_of_a_raw_file_is_its_preview() -> None:
    small = photos.jpeg(size=(160, 120))
    large = photos.jpeg(size=(320, 200), orientation=6)
    content = b"II*\0" + b"\xff\xd8\xff" + small + b"junk" + large + b"\0" * 100

    found = embedded.largest(content)

    assert found is not None
    assert (found.offset, found.width, found.height) == (content.index(large), 320, 200)
    assert found.has_exif


def test_a_raw_file_without_a_preview_worth_showing_has_none() -> None:
    assert embedded.largest(b"II*\0" + photos.jpeg(size=(100, 80))) is None
    assert embedded.largest(b"") is None


def test_what_only_begins_like_a_jpeg_is_passed_over() -> None:
    lossless = photos.jpeg(size=(640, 480)).replace(b"\xff\xc0", b"\xff\xc3", 1)

    assert embedded.largest(lossless) is None
    assert embedded.largest(b"\xff\xd8\xff\xe1\0\0" * 50) is None
    assert embedded.largest(photos.jpeg(size=(640, 480))[:40]) is None
