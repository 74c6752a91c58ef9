"""Folders and names of originals."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Final

MAX_NAME_BYTES: Final = 255
_MAX_EXTENSION_BYTES: Final = 32
# What no file system, or no text column, can hold; everything else of a received name is kept.
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f/\ud800-\udfff]")
_NOT_UTF8: Final = re.compile(rb"\\x([89a-f][0-9a-f])")
_SYNC_CONFLICT: Final = re.compile(r"\.sync-conflict-\d{8}-\d{6}-[A-Z2-7]{7}(?=\.|$)")
_TAGS: Final = re.compile(r"\s*\{[^{}]*\}")


def folder(wall_clock: datetime.datetime) -> str:
    """The dated folder, "2019/2019-07-14", of a wall clock (never of an instant)."""
    return f"{wall_clock.year:04}/{wall_clock.year:04}-{wall_clock.month:02}-{wall_clock.day:02}"


def display(path: bytes) -> str:
    r"""A path as text for people and text columns: what is not UTF-8 reads as \xNN."""
    return path.decode("utf-8", "backslashreplace").replace("\0", r"\x00")


def from_display(text: str) -> bytes:
    r"""The path that `display` showed; what was written as `\xNN` in a name is taken for a byte."""
    return _NOT_UTF8.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode())


def file_name(received: bytes, clash: int = 0) -> str:
    """The name to file under: the received one, made safe; with a clash number `_n` at the stem.

    At most MAX_NAME_BYTES in UTF-8, cut at the stem on a character boundary.
    """
    name = _UNSAFE.sub("_", received.decode("utf-8", "surrogateescape"))
    if name.startswith(".") or not name.strip():  # hidden files would be nobody's originals
        name = "_" + name[1:]
    stem, extension = split(name)
    if len(extension.encode()) > _MAX_EXTENSION_BYTES:
        stem, extension = name, ""
    ending = (f"_{clash}" if clash else "") + extension
    room = MAX_NAME_BYTES - len(ending.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + ending


def split(name: str) -> tuple[str, str]:
    """Stem and extension with its dot; a leading dot starts no extension."""
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem.strip(".") else (name, "")


def path_key(relative_path: str) -> str:
    """What two paths share if some file system takes them for one: case and Unicode form."""
    folded = unicodedata.normalize("NFD", relative_path).casefold()
    return unicodedata.normalize("NFC", folded)


def stripped(name: str) -> str:
    """A name without the conflict suffix of Syncthing and without {tags}: what a camera gave it."""
    return _TAGS.sub("", _SYNC_CONFLICT.sub("", name))
