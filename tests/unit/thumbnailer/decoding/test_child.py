"""Renditions of every kind of file, made in this process."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms

import photos
from shared import errors
from thumbnailer.decoding import child
from thumbnailer.domain.renditions import Rendition

Render = Callable[..., list[Rendition] | str]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    def run(
        content: bytes,
        mime_type: str,
        *,
        is_damaged: bool = False,
        orientation: int | None = None,
    ) -> list[Rendition] | str:
        path = tmp_path / "file"
        path.write_bytes(content)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            request = child.Request(mime_type, is_damaged, orientation)
            return child.renditions(request, descriptor)
        finally:
            os.close(descriptor)

    return run


def opened(made: list[Rendition] | str) -> list[Image.Image]:
    assert isinstance(made, list)
    assert [each.kind for each in made] == ["preview", "thumbnail"]
    assert [each.mime_type for each in made] == ["image/jpeg", "image/webp"]
    pictures: list[Image.Image] = [Image.open(io.BytesIO(each.content)) for each in made]
    assert [picture.size for picture in pictures] == [(each.width, each.height) for each in made]
    return pictures


def halves(first: str, second: str, size: tuple[int, int] = (400, 200)) -> Image.Image:
    """A picture whose left half has one colour and whose right half has another."""
    made = Image.new("RGB", size, first)
    made.paste(second, (size[0] // 2, 0, *size))
    return made


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


def is_near(image: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(a - b) < 12 for a, b in zip(found, colour, strict=True))


@pytest.mark.parametrize(
    ("maker", "mime_type"),
    [
        (photos.jpeg, "image/jpeg"),
        (photos.png, "image/png"),
        (photos.webp, "image/webp"),
        (photos.tiff, "image/tiff"),
        (photos.avif, "image/avif"),
        (photos.heic, "image/heic"),
    ],
)
def test_a_large_picture_becomes_small_and_upright(
    render: Render, maker: Callable[..., bytes], mime_type: str
) -> None:
    size = (3400, 1700) if mime_type == "image/jpeg" else (1600, 800)

    preview, thumbnail = opened(render(maker(size=size, orientation=6), mime_type))

    assert preview.size == (720, 1440)
    assert thumbnail.size == (250, 500)
    assert not preview.getexif()
    assert "exif" not in thumbnail.info


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        (photos.gif(size=(300, 280)), "image/gif"),
        (saved(photos.picture((300, 280)), "BMP"), "image/bmp"),
        (photos.video(size=(300, 280)), "video/mp4"),
        (b"II*\0" + photos.jpeg(size=(300, 280)), "image/x-canon-cr2"),
    ],
)
def test_a_small_picture_is_not_enlarged(render: Render, content: bytes, mime_type: str) -> None:
    preview, thumbnail = opened(render(content, mime_type))

    assert preview.size == (300, 280)
    assert thumbnail.size == (268, 250)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
def test_every_orientation_is_applied(render: Render, kind: str, orientation: int) -> None:
    """Both decoders, told from outside: red is on the left, top, right or bottom."""
    content = saved(halves("red", "blue"), kind)

    preview, _ = opened(render(content, f"image/{kind.lower()}", orientation=orientation))

    width, height = preview.size
    assert (width > height) == (orientation < 5)
    begins_red = orientation in {1, 4, 5, 6}
    assert is_near(preview, (10, 10), (254, 0, 0) if begins_red else (0, 0, 254))
    assert is_near(preview, (width - 10, height - 10), (0, 0, 254) if begins_red else (254, 0, 0))


def test_an_orientation_of_the_file_wins(render: Render) -> None:
    content = photos.jpeg(size=(64, 48), orientation=1)

    preview, _ = opened(render(content, "image/jpeg", orientation=6))

    assert preview.size == (64, 48)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "GIF"])
def test_colours_are_converted_to_srgb(render: Render, kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = _with_red_and_blue_swapped(profile)
    content = saved(halves("red", "red"), kind, icc_profile=swapped)

    preview, _ = opened(render(content, f"image/{kind.lower()}"))

    is_managed = kind != "GIF"  # a GIF's profile is an extension that nobody writes
    assert is_near(preview, (200, 100), (0, 0, 255) if is_managed else (254, 0, 0))
    assert "icc_profile" not in preview.info


def _with_red_and_blue_swapped(profile: bytes) -> bytes:
    """The same profile with the tags of the red and the blue primary exchanged."""
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_transparency_becomes_white(render: Render, kind: str) -> None:
    clear = Image.new("RGBA", (2000, 100), (200, 0, 0, 0))

    preview, thumbnail = opened(render(saved(clear, kind), f"image/{kind.lower()}"))

    assert is_near(preview, (50, 50), (255, 255, 255))
    assert is_near(thumbnail, (50, 50), (255, 255, 255))


@pytest.mark.parametrize("mode", ["L", "CMYK", "I;16", "1"])
def test_other_modes_become_colours(render: Render, mode: str) -> None:
    plain = halves("white", "black").convert("L")
    if mode == "I;16":
        image = Image.new("I;16", plain.size)
        image.paste(65535, (0, 0, 200, 200))
    else:
        image = plain.convert(mode)

    preview, _ = opened(render(saved(image, "TIFF"), "image/tiff"))

    assert preview.mode == "RGB"
    assert is_near(preview, (50, 50), (255, 255, 255))
    assert is_near(preview, (350, 50), (0, 0, 0)) or mode == "CMYK"


def test_a_picture_cut_short_is_shown_only_when_it_is_known_as_damaged(render: Render) -> None:
    whole = saved(halves("red", "red", (800, 800)), "JPEG")
    cut = whole[: len(whole) * 2 // 3]

    preview, _ = opened(render(cut, "image/jpeg", is_damaged=True))
    assert preview.size == (800, 800)
    assert is_near(preview, (400, 10), (254, 0, 0))

    with pytest.raises(errors.PermanentError, match="truncated"):
        render(cut, "image/jpeg")


@pytest.mark.parametrize(
    "mime_type",
    ["image/jpeg", "image/png", "image/webp", "image/tiff", "image/gif", "image/heic",
     "image/avif", "image/jp2", "video/mp4"],
)  # fmt: skip
@pytest.mark.parametrize("is_damaged", [True, False])
def test_garbage_is_refused(render: Render, mime_type: str, *, is_damaged: bool) -> None:
    with pytest.raises(errors.PermanentError, match="cannot be decoded"):
        render(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8, mime_type, is_damaged=is_damaged)


@pytest.mark.parametrize("mime_type", ["image/png", "image/gif"])
def test_a_bomb_is_refused_by_its_header(render: Render, mime_type: str) -> None:
    small = photos.png(size=(8, 8)) if mime_type == "image/png" else photos.gif(size=(8, 8))
    at, order = (16, "big") if mime_type == "image/png" else (6, "little")
    side = (60_000).to_bytes(4 if mime_type == "image/png" else 2, order)  # type: ignore[arg-type]
    bomb = small[:at] + side + side + small[at + 2 * len(side) :]

    with pytest.raises(errors.PermanentError, match="cannot be decoded"):
        render(bomb, mime_type)


def test_files_without_a_picture_say_so(render: Render) -> None:
    assert render(b"II*\0 no preview", "image/x-canon-cr2") == (
        "there is no preview in this RAW file"
    )
    assert render(b"\xff\x0a", "image/jxl") == "image/jxl cannot be shown"
