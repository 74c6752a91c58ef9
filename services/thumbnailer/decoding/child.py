"""The child's side of the thumbnailer: everything that touches foreign bytes."""

import base64
import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final

from shared import errors
from thumbnailer.decoding import with_pillow, with_vips
from thumbnailer.domain import decoders, embedded
from thumbnailer.domain.renditions import Rendition

_BLOCK_BYTES: Final = 1 << 20
_UNREADABLE: Final = (with_vips.Error, OSError, SyntaxError, ValueError, EOFError, MemoryError)


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What the child is told about the open file; `orientation` as EXIF has it."""

    mime_type: str
    is_damaged: bool
    orientation: int | None

    @classmethod
    def of(cls, values: Mapping[str, object]) -> "Request":
        """The request that the service sent as JSON."""
        turned = values.get("orientation")
        return cls(
            str(values["mime_type"]),
            values.get("is_damaged") is True,
            turned if isinstance(turned, int) else None,
        )


def render(values: Mapping[str, object], fd: int | None) -> dict[str, object]:
    """The renditions of the open file as JSON; the function that `shared.children.children` runs.

    Without a picture in the file (sound only, a RAW file without preview) `nothing` says so.
    """
    if fd is None:
        raise ValueError("an open file is needed")
    made = renditions(Request.of(values), fd)
    if isinstance(made, str):
        return {"nothing": made}
    return {"renditions": [_as_json(each) for each in made]}


def renditions(request: Request, fd: int) -> list[Rendition] | str:
    """Return what was made, or why there is nothing to be made.

    Raises:
        shared.errors.PermanentError: The content cannot be decoded.
        OSError: The disk failed; the content is not to blame.
    """
    makers: dict[decoders.Decoder | None, Callable[[Request, int], list[Rendition] | str]] = {
        "vips": _picture,
        "pillow": _by_pillow,
        "heif": _heif,
        "raw": _raw,
        "video": _video,
    }
    maker = makers.get(decoders.choose(request.mime_type))
    if maker is None:
        return f"{request.mime_type} cannot be shown"
    try:
        return maker(request, fd)
    except _UNREADABLE as error:
        _blame_disk(fd)
        raise errors.PermanentError(f"cannot be decoded: {_in_words(error)}") from error


def _picture(request: Request, fd: int) -> list[Rendition]:
    try:
        return with_vips.from_file(
            fd,
            request.mime_type,
            is_damaged=request.is_damaged,
            orientation=request.orientation,
        )
    except with_vips.Error:
        return _by_pillow(request, fd)


def _by_pillow(request: Request, fd: int) -> list[Rendition]:
    with _file(fd) as file:
        return with_pillow.from_file(
            file, is_damaged=request.is_damaged, orientation=request.orientation
        )


def _heif(request: Request, fd: int) -> list[Rendition]:
    import pillow_heif

    pillow_heif.register_heif_opener()
    pillow_heif.options.DECODE_THREADS = 1
    # Turned while decoding: an orientation from elsewhere would turn it twice.
    return _by_pillow(dataclasses.replace(request, orientation=None), fd)


def _video(request: Request, fd: int) -> list[Rendition] | str:  # noqa: ARG001
    from thumbnailer.decoding import with_av

    with _file(fd) as file:
        try:
            return with_av.from_file(file) or "there is no moving picture in it"
        except with_av.Error as error:
            raise ValueError(error.strerror or str(error)) from error


def _raw(request: Request, fd: int) -> list[Rendition] | str:
    with _file(fd) as file:
        content = file.read()
    found = embedded.largest(content)
    if found is None:
        return "there is no preview in this RAW file"
    return with_vips.from_jpeg(
        content[found.offset :], orientation=None if found.has_exif else request.orientation
    )


@contextlib.contextmanager
def _file(fd: int) -> Iterator[BinaryIO]:
    os.lseek(fd, 0, os.SEEK_SET)
    with open(fd, "rb", closefd=False) as file:
        yield file


def _blame_disk(fd: int) -> None:
    """Raise OSError when the file cannot be read to its end: decoders hide that."""
    offset = 0
    while part := os.pread(fd, _BLOCK_BYTES, offset):
        offset += len(part)


def _in_words(error: Exception) -> str:
    """Libraries say more lines than one, and which object of theirs they speak of."""
    return str(error).strip().partition(" <_io")[0].replace("\n", "; ") or type(error).__name__


def _as_json(rendition: Rendition) -> dict[str, object]:
    return {
        "kind": rendition.kind,
        "width": rendition.width,
        "height": rendition.height,
        "content": base64.b64encode(rendition.content).decode(),
    }
