"""The poster of a video: a key frame near its beginning, by FFmpeg's libraries."""

import contextlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import av

from thumbnailer.decoding import with_pillow
from thumbnailer.domain import sizes
from thumbnailer.domain.renditions import Rendition

Error: Final = av.FFmpegError

_AT_S: Final = 1.0  # the very first frame is often black or blurred
_ORIENTATIONS: Final = {90: 8, 180: 3, 270: 6}
"""Degrees counter-clockwise that a frame is to be turned, as EXIF orientations."""


def from_file(file: BinaryIO) -> list[Rendition] | None:
    """Return the renditions of a key frame; None if there is no moving picture (only sound).

    Raises:
        Error, ValueError: It cannot be decoded.
    """
    with av.open(file) as container:
        if not container.streams.video:
            return None
        stream = container.streams.video[0]
        if stream.width * stream.height > sizes.MAX_PIXELS:
            raise ValueError(f"{stream.width} x {stream.height} pixels are too many")
        stream.codec_context.skip_frame = "NONKEY"
        stream.codec_context.thread_count = 1
        frame = _key_frame(container, stream)
        if frame is None:
            raise ValueError("no frame can be decoded")
        return with_pillow.from_image(
            _picture(frame), orientation=_ORIENTATIONS.get(frame.rotation % 360)
        )


def _key_frame(container: Any, stream: Any) -> Any:  # noqa: ANN401  PyAV is not typed here
    if container.duration is not None and container.duration > 2 * _AT_S * av.time_base:
        with contextlib.suppress(Error):
            container.seek(int(_AT_S * av.time_base))
    frame = next(_frames(container, stream), None)
    if frame is None:
        with contextlib.suppress(Error):  # what holds no frame cannot be sought in, either
            container.seek(0)
        frame = next(_frames(container, stream), None)
    return frame


def _frames(container: Any, stream: Any) -> Iterator[Any]:  # noqa: ANN401
    """Frames that decode; a broken packet at the end of a cut video is not its beginning."""
    with contextlib.suppress(EOFError):
        yield from container.decode(stream)


def _picture(frame: Any) -> Any:  # noqa: ANN401
    """The frame as RGB, already scaled down, and with square pixels."""
    wide, high = sizes.preview_size((frame.width, frame.height))
    return frame.reformat(width=wide, height=high, interpolation="LANCZOS").to_image()
