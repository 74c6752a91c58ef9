"""ISO base media boxes (ISO/IEC 14496-12): MP4, MOV, HEIC, AVIF, CR3, JPEG XL."""

from collections.abc import Iterator
from dataclasses import dataclass

from librarian.formats.slices import Slice

MAX_BOXES = 10_000
CR3_METADATA = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


@dataclass(frozen=True, slots=True)
class Box:
    """A box; `body` is what stands after its header, as far as the file goes."""

    name: bytes
    body: Slice
    is_cut: bool  # says that it is longer than what is there

    def content(self, limit: int) -> bytes:
        """The first `limit` bytes of the body."""
        return self.body.at(0, limit)


def inside(part: Slice, start: int = 0) -> Iterator[Box]:
    """The boxes of a part of a file, one level; ends at the first impossible size."""
    for _ in range(MAX_BOXES):
        header = part.at(start, 16)
        if len(header) < 8:
            return
        size, name, body = int.from_bytes(header[:4], "big"), header[4:8], 8
        if size == 1:
            size, body = int.from_bytes(header[8:16], "big"), 16
        elif size == 0:
            size = part.size - start
        if size < body:
            return
        is_cut = start + size > part.size
        yield Box(name, part.part(start + body, size - body), is_cut)
        start += size


def at(part: Slice, *path: bytes) -> Iterator[Box]:
    """All boxes at a path below a part; `meta` boxes are entered behind their version."""
    name, *rest = path
    for box in inside(part):
        if box.name == name:
            if rest:
                is_full = name == b"meta" and box.content(8)[4:] != b"hdlr"
                yield from at(box.body.part(4 if is_full else 0), *rest)
            else:
                yield box


def extended(part: Slice, uuid: bytes) -> Slice | None:
    """The content of the `uuid` box of that extended type."""
    for box in inside(part):
        if box.name == b"uuid" and box.content(16) == uuid:
            return box.body.part(16)
    return None


class Numbers:
    """Reads unsigned numbers one after the other; 0 behind the end."""

    def __init__(self, content: bytes) -> None:
        """Reads from the start of `content`."""
        self._content = content
        self._position = 0

    def next(self, size: int) -> int:
        """The number in the next `size` bytes."""
        start = self._position
        self._position += size
        return int.from_bytes(self._content[start : start + size], "big")

    def skip(self, size: int) -> None:
        """Leaves out `size` bytes."""
        self._position += size

    def rest(self) -> bytes:
        """All that was not read; b"" at the end."""
        return self._content[self._position :]

    @property
    def is_at_end(self) -> bool:
        """Whether nothing is left to read."""
        return self._position >= len(self._content)
