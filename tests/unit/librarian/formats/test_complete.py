from collections.abc import Callable

import pytest

import photos
from librarian.formats import complete
from reading import Part

WHOLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("image/jpeg", photos.jpeg),
    "png": ("image/png", photos.png),
    "webp": ("image/webp", photos.webp),
    "heic": ("image/heic", photos.heic),
    "avif": ("image/avif", photos.avif),
    "mp4": ("video/mp4", photos.video),
    "avi": ("video/x-msvideo", lambda: photos.video(kind="avi")),
}


def problem(content: bytes, mime_type: str) -> str | None:
    with Part(content) as part:
        return complete.problem(part, mime_type)


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_has_no_problem(name: str) -> None:
    mime_type, make = WHOLE[name]

    assert problem(make(), mime_type) is None


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_is_truncated(name: str, share: float) -> None:
    mime_type, make = WHOLE[name]
    content = make()

    assert problem(content[: int(len(content) * share)], mime_type) == "truncated"


def test_a_jpeg_cut_and_filled_with_zeros_is_truncated() -> None:
    content = photos.jpeg()

    assert problem(content[:-40] + bytes(40), "image/jpeg") == "truncated"


def test_a_jpeg_may_be_followed_by_anything() -> None:
    assert problem(photos.jpeg() + b"trailer of a motion photo", "image/jpeg") is None
    assert problem(photos.jpeg() + bytes(1000), "image/jpeg") is None


def test_a_video_without_its_index_is_truncated() -> None:
    content = photos.boxes(("ftyp", b"isom\0\0\0\0"), ("mdat", bytes(100)))

    assert problem(content, "video/mp4") == "truncated"
