"""Tiny photos and videos for tests, made here, with just the metadata a test names.

The same arguments give the same picture; another `seed` gives a picture that looks different
(its perceptual hash is far away). Every maker writes `path` (None: writes nothing) and returns
the bytes.
"""

import io
import random
import struct
from pathlib import Path
from typing import TypedDict, Unpack

from PIL import Image, PngImagePlugin

Path_ = str | bytes | Path | None


class Metadata(TypedDict, total=False):
    """What a maker writes into EXIF; whatever is not given is not written."""

    taken: str | None  # "2023:07:01 12:00:00", DateTimeOriginal and CreateDate; None: no date
    modified: str | None
    offset: str | None  # "+02:00"
    subsec: str | None
    gps: tuple[float, float] | None  # latitude, longitude, degrees
    altitude: float | None  # metres, below 0 = below the sea
    gps_time: str | None  # "2023:07:01 10:00:00", UTC
    orientation: int | None
    make: str | None
    model: str | None
    size: tuple[int, int]
    seed: int
    xmp: str | None  # a whole XMP packet
    live_photo_id: str | None  # Apple's, in the maker note


def picture(size: tuple[int, int] = (64, 48), seed: int = 0) -> Image.Image:
    """A picture of soft colour patches that depend on `seed` alone."""
    patches = Image.frombytes("RGB", (8, 8), random.Random(seed).randbytes(192))  # noqa: S311  no secret
    return patches.resize(size, Image.Resampling.BICUBIC)


def exif(**metadata: Unpack[Metadata]) -> bytes:
    """An EXIF block ("Exif\\0\\0" + TIFF); by default only `taken` 2023:07:01 12:00:00."""
    block = Image.Exif()
    taken = metadata.get("taken", "2023:07:01 12:00:00")
    main = {
        0x010F: metadata.get("make"),
        0x0110: metadata.get("model"),
        0x0112: metadata.get("orientation"),
        0x0132: metadata.get("modified"),
    }
    capture = {
        0x9003: taken,
        0x9004: taken,
        0x9010: metadata.get("offset"),
        0x9011: metadata.get("offset"),
        0x9291: metadata.get("subsec"),
        0x927C: _apple_note(metadata.get("live_photo_id")),
    }
    block.update({tag: value for tag, value in main.items() if value is not None})
    block.get_ifd(0x8769).update({tag: value for tag, value in capture.items() if value})
    block.get_ifd(0x8825).update(_gps(metadata))
    return block.tobytes()


def jpeg(path: Path_ = None, **metadata: Unpack[Metadata]) -> bytes:
    """A JPEG with EXIF (or XMP)."""
    return _saved(path, "JPEG", metadata)


def webp(path: Path_ = None, **metadata: Unpack[Metadata]) -> bytes:
    """An extended WebP."""
    return _saved(path, "WEBP", metadata)


def tiff(path: Path_ = None, **metadata: Unpack[Metadata]) -> bytes:
    """A TIFF; the EXIF block is the file's own first directory."""
    return _saved(path, "TIFF", metadata)


def heic(path: Path_ = None, **metadata: Unpack[Metadata]) -> bytes:
    """A HEIC."""
    import pillow_heif  # heavy: loaded only by tests that need it

    pillow_heif.register_heif_opener()
    return _saved(path, "HEIF", metadata)


def avif(path: Path_ = None, **metadata: Unpack[Metadata]) -> bytes:
    """An AVIF."""
    return _saved(path, "AVIF", metadata)


def png(
    path: Path_ = None, *, texts: dict[str, str] | None = None, **metadata: Unpack[Metadata]
) -> bytes:
    """A PNG with an eXIf chunk, and a text chunk for each of `texts`."""
    info = PngImagePlugin.PngInfo()
    for keyword, text in (texts or {}).items():
        info.add_text(keyword, text)
    made = io.BytesIO()
    source = picture(metadata.get("size", (64, 48)), metadata.get("seed", 0))
    source.save(made, "PNG", exif=exif(**metadata), pnginfo=info)
    return _written(path, made.getvalue())


def gif(path: Path_ = None, *, size: tuple[int, int] = (64, 48), seed: int = 0) -> bytes:
    """A GIF: a picture that cannot hold a date."""
    made = io.BytesIO()
    picture(size, seed).save(made, "GIF")
    return _written(path, made.getvalue())


def video(
    path: Path_ = None,
    *,
    taken: str | None = "2023-07-01T10:00:00Z",
    tags: dict[str, str] | None = None,
    kind: str = "mp4",
    size: tuple[int, int] = (64, 48),
    seed: int = 0,
    frames: int = 3,
) -> bytes:
    """A short MPEG-4 video; `kind` mp4, mov, avi or matroska; `taken` in UTC.

    `tags`: further container tags, e.g. {"com.apple.quicktime.content.identifier": "..."} (mov).
    """
    import av  # heavy: loaded only by tests that need it
    from av.video.stream import VideoStream

    made = io.BytesIO()
    written = dict(tags or {}) | ({"creation_time": taken} if taken else {})
    options = {"fflags": "+bitexact"}
    if kind in {"mp4", "mov"}:
        options["movflags"] = "use_metadata_tags"
    with av.open(made, "w", format=kind, options=options) as container:
        container.metadata.update(written)
        stream = container.add_stream("mpeg4", rate=10)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_image(picture(size, seed))  # type: ignore[no-untyped-call]
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return _written(path, made.getvalue())


def boxes(*parts: tuple[str, bytes]) -> bytes:
    """ISO base media boxes (ISO/IEC 14496-12): size, type, body for each part."""
    return b"".join(struct.pack(">I", len(body) + 8) + name.encode() + body for name, body in parts)


def _saved(path: Path_, kind: str, metadata: Metadata) -> bytes:
    made = io.BytesIO()
    options: dict[str, bytes] = {"exif": exif(**metadata)}
    xmp = metadata.get("xmp")
    if xmp is not None:
        options["xmp"] = xmp.encode()
    source = picture(metadata.get("size", (64, 48)), metadata.get("seed", 0))
    if kind == "TIFF":
        source.save(made, kind, exif=_loaded(options["exif"]))
    else:
        source.save(made, kind, **options)
    return _written(path, made.getvalue())


def _loaded(block: bytes) -> Image.Exif:
    loaded = Image.Exif()
    loaded.load(block)
    return loaded


def _written(path: Path_, made: bytes) -> bytes:
    if path is not None:
        with open(path, "wb") as file:
            file.write(made)
    return made


def _apple_note(live_photo_id: str | None) -> bytes | None:
    if live_photo_id is None:
        return None
    text, head = live_photo_id.encode() + b"\0", b"Apple iOS\0\0\1MM\0\1"
    return head + struct.pack(">HHII", 0x0011, 2, len(text), len(head) + 12) + text


def _gps(metadata: Metadata) -> dict[int, object]:
    tags: dict[int, object] = {}
    gps, altitude, time = metadata.get("gps"), metadata.get("altitude"), metadata.get("gps_time")
    if gps is not None:
        tags |= {1: "S" if gps[0] < 0 else "N", 2: _sexagesimal(gps[0])}
        tags |= {3: "W" if gps[1] < 0 else "E", 4: _sexagesimal(gps[1])}
    if altitude is not None:
        tags |= {5: b"\1" if altitude < 0 else b"\0", 6: abs(altitude)}
    if time is not None:
        day, clock = time.split(" ")
        tags |= {29: day, 7: tuple(float(part) for part in clock.split(":"))}
    return tags


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    minutes = abs(degrees) * 60
    return float(minutes // 60), float(minutes % 60 // 1), round(minutes % 1 * 60, 5)
