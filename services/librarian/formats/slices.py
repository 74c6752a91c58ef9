"""A part of an open file as a file of its own."""

import io
import os

from typing_extensions import override


class Slice(io.RawIOBase):
    """Bytes [start, start + length) of a descriptor, read by position.

    Never moves the descriptor's own offset (it is shared with whoever else holds the file) and
    never closes it. `failures` of reading are kept, shared by all parts: a decoder may swallow
    an error of the disk, for which the content is not to blame.
    """

    def __init__(
        self,
        fd: int,
        start: int = 0,
        size: int | None = None,
        failures: list[OSError] | None = None,
    ) -> None:
        """The bytes from `start` on: `size` of them, which must be there, or all."""
        self.failures = [] if failures is None else failures
        self._fd, self._start = fd, start
        self.size = max(0, os.fstat(fd).st_size - start) if size is None else size
        self._position = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    @override
    def tell(self) -> int:
        return self._position

    @override
    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # any writable buffer
        found = self.at(self._position, len(view))
        view[: len(found)] = found
        self._position += len(found)
        return len(found)

    def at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer only at the end of the part."""
        length = min(length, self.size - offset)
        if length <= 0 or offset < 0:
            return b""
        try:
            return os.pread(self._fd, length, self._start + offset)
        except OSError as error:
            self.failures.append(error)
            raise

    def part(self, start: int, length: int | None = None) -> "Slice":
        """A part of this part, as far as that goes."""
        start = min(start, self.size)
        room = self.size - start
        size = room if length is None else max(0, min(room, length))
        return Slice(self._fd, self._start + start, size, self.failures)

    def buffered(self) -> io.BufferedReader:
        """The part as a buffered binary file of its own, positioned at its start."""
        return io.BufferedReader(self.part(0), 1 << 16)
