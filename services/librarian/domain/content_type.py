"""The type of a picture or video by its leading bytes; the extension is never asked.

Signatures: the formats' specifications, as collected in the magic database of file(1).
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Mapping
from typing import Final

HEAD_BYTES: Final = 4096
"""As many leading bytes as `detect` makes use of."""


@dataclasses.dataclass(frozen=True, slots=True)
class ContentType:
    """A kind of file; its usual extensions are lower-case with the dot, the commonest first."""

    media_type: str
    mime_type: str
    extensions: tuple[str, ...]


def _image(subtype: str, *extensions: str) -> ContentType:
    return ContentType("image", f"image/{subtype}", extensions)


def _video(subtype: str, *extensions: str) -> ContentType:
    return ContentType("video", f"video/{subtype}", extensions)


_JXL: Final = _image("jxl", ".jxl")
TIFF: Final = _image("tiff", ".tif", ".tiff")
_MP4: Final = _video("mp4", ".mp4", ".m4v")
_MOV: Final = _video("quicktime", ".mov", ".qt")
_3GP: Final = _video("3gpp", ".3gp", ".3g2")
_MTS: Final = _video("mp2t", ".mts", ".m2ts", ".ts")
_MPEG: Final = _video("mpeg", ".mpg", ".mpeg", ".vob")
_HEIC: Final = _image("heic", ".heic", ".heif", ".hif")
_HEIF: Final = _image("heif", ".heif", ".hif", ".heic")
_AVIF: Final = _image("avif", ".avif")
_CR2: Final = _image("x-canon-cr2", ".cr2")
_ORF: Final = _image("x-olympus-orf", ".orf")

_PREFIXES: Final[tuple[tuple[bytes, ContentType], ...]] = (
    (b"\xff\xd8\xff", _image("jpeg", ".jpg", ".jpeg", ".jpe", ".mpo", ".thm")),
    (b"\x89PNG\r\n\x1a\n", _image("png", ".png")),
    (b"GIF87a", _image("gif", ".gif")),
    (b"GIF89a", _image("gif", ".gif")),
    (b"\xff\x0a", _JXL),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", _JXL),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", _image("jp2", ".jp2", ".j2k")),
    (b"IIU\x00", _image("x-panasonic-rw2", ".rw2", ".raw", ".rwl")),
    (b"IIRO", _ORF),
    (b"IIRS", _ORF),
    (b"MMOR", _ORF),
    (b"FUJIFILMCCD-RAW ", _image("x-fuji-raf", ".raf")),
    (b"FOVb", _image("x-sigma-x3f", ".x3f")),
    (b"\x00MRM", _image("x-minolta-mrw", ".mrw")),
    (b"\x1aE\xdf\xa3", _video("x-matroska", ".mkv", ".webm")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _video("x-ms-wmv", ".wmv", ".asf")),
    (b"\x00\x00\x01\xba", _MPEG),
    (b"\x00\x00\x01\xb3", _MPEG),
    (b"FLV\x01", _video("x-flv", ".flv")),
)
_RIFF: Final = {
    b"WEBP": _image("webp", ".webp"),
    b"AVI ": _video("x-msvideo", ".avi"),
}
# Brands of ISO/IEC 14496-12 file type boxes (mp4ra.org); a general one defers to the compatible.
_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), _HEIC),
    **dict.fromkeys((b"avif", b"avis"), _AVIF),
    b"crx ": _image("x-canon-cr3", ".cr3"),
    b"qt  ": _MOV,
}
# Pictures of whatever codec, as the major brand or beside one of a rarer codec.
_GENERAL_BRANDS: Final = frozenset((b"mif1", b"mif2", b"msf1"))
# QuickTime files older than the file type box begin with one of these.
_OLD_QUICKTIME: Final = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))
_AUDIO_BRANDS: Final = frozenset((b"M4A ", b"M4B ", b"M4P "))
_BMP_HEADERS: Final = frozenset((12, 40, 52, 56, 64, 108, 124))  # sizes of the info header


def detect(head: bytes) -> ContentType | None:
    """The type of a file that begins with `head` (HEAD_BYTES of it); None if not recognised."""
    for prefix, content_type in _PREFIXES:
        if head.startswith(prefix):
            return content_type
    if head[:4] in {b"II*\x00", b"MM\x00*"}:
        return _tiff(head)
    if head[:4] in {b"II+\x00", b"MM\x00+"}:  # BigTIFF
        return TIFF
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    return _iso_media(head) or _with_weak_signature(head)


def _iso_media(head: bytes) -> ContentType | None:
    if head[4:8] in _OLD_QUICKTIME:
        return _MOV
    return _of_brands(head) if head[4:8] == b"ftyp" and head[8:12] not in _AUDIO_BRANDS else None


def _of_brands(head: bytes) -> ContentType:
    major = head[8:12]
    if major.startswith((b"3gp", b"3g2", b"3ge", b"3gr")):
        return _3GP
    if major in _BRANDS:
        return _BRANDS[major]
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[at : at + 4] for at in (8, *range(16, size - 3, 4))}
    if not brands & _GENERAL_BRANDS:
        return _MP4
    return _AVIF if b"avif" in brands else _HEIF


def _with_weak_signature(head: bytes) -> ContentType | None:
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return _image("bmp", ".bmp", ".dib")
    if head[6:14] == b"HEAPCCDR":
        return _image("x-canon-crw", ".crw")
    if head[25:32] == b"ARECOYK":
        return _image("x-kyocera-raw", ".raw")
    # Transport streams: a sync byte every 188 bytes, or every 192 behind a time code.
    if any(head[at] == 0x47 == head[at + step] == head[at + 2 * step] for at, step in _steps(head)):
        return _MTS
    return None


def _steps(head: bytes) -> list[tuple[int, int]]:
    return [(at, step) for at, step in ((0, 188), (4, 192)) if len(head) > at + 2 * step]


def _tiff(head: bytes) -> ContentType:
    """TIFF itself or one of the RAW formats built on it."""
    if head[8:10] == b"CR":
        return _CR2
    if head[8:12] in {b"IIII", b"MMMM"}:
        return _image("x-phaseone-iiq", ".iiq")
    return of_directory(*_first_directory(head))


_SUB_FILE_TYPE, _PHOTOMETRIC, _SUB_DIRECTORIES, _DNG_VERSION = 0x00FE, 0x0106, 0x014A, 0xC612
_MAKE, _SHORT = 0x010F, 3
_RGB, _COLOUR_FILTERS = 2, 32803
TIFF_TAGS: Final = (_SUB_FILE_TYPE, _PHOTOMETRIC, _SUB_DIRECTORIES, _DNG_VERSION)
"""The tags by which `of_directory` tells formats apart."""

_RAW_MAKES: Final = (
    (b"NIKON", _image("x-nikon-nef", ".nef", ".nrw")),
    (b"SONY", _image("x-sony-arw", ".arw", ".sr2")),
    (b"SAMSUNG", _image("x-samsung-srw", ".srw")),
    (b"EASTMAN KODAK", _image("x-kodak-dcr", ".dcr", ".kdc")),
    (b"KODAK", _image("x-kodak-dcr", ".dcr", ".kdc")),
    (b"HASSELBLAD", _image("x-hasselblad-3fr", ".3fr", ".fff")),
)
_PEF: Final = _image("x-pentax-pef", ".pef")


def of_directory(make: bytes, numbers: Mapping[int, int]) -> ContentType:
    """The format of a TIFF by its first directory: the make, and the number in each tag."""
    make = make.upper()
    if _DNG_VERSION in numbers:
        return _image("x-adobe-dng", ".dng")
    if make.startswith((b"PENTAX", b"RICOH")):
        return _PEF if numbers.get(_PHOTOMETRIC) == _COLOUR_FILTERS else TIFF
    # RAW formats keep the sensor data in SubIFDs and begin with a preview; programs that keep
    # smaller copies of a picture in them begin with the picture.
    is_picture = numbers.get(_SUB_FILE_TYPE) == 0 and numbers.get(_PHOTOMETRIC) == _RGB
    makes = _RAW_MAKES if _SUB_DIRECTORIES in numbers and not is_picture else ()
    return next((kind for name, kind in makes if make.startswith(name)), TIFF)


def _first_directory(head: bytes) -> tuple[bytes, dict[int, int]]:
    """Make and numbers of IFD0 as far as they lie in `head` (TIFF 6.0)."""
    order = "<" if head[:2] == b"II" else ">"
    make, numbers = b"", {}
    try:
        (start,) = struct.unpack_from(order + "I", head, 4)
        (count,) = struct.unpack_from(order + "H", head, start)
        for at in range(start + 2, start + 2 + 12 * min(count, 256), 12):
            tag, kind, size, value = struct.unpack_from(order + "HHII", head, at)
            (short,) = struct.unpack_from(order + "H", head, at + 8)
            numbers[tag] = short if kind == _SHORT else value
            make = head[value : value + size] if tag == _MAKE else make
    except struct.error:
        return b"", {}
    return make, numbers
