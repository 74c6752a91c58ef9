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
        length: int | None = None,
        failures: list[OSError] | None = None,
    ) -> None:
        self.failures = [] if failures is None else failures
        end = os.fstat(fd).st_size
        self._fd, self._start = fd, min(start, end)
        self.size = max(0, min(end - self._start, end if length is None else length))
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
        """A part of this part."""
        room = max(0, self.size - start)
        length = room if length is None else min(room, length)
        return Slice(self._fd, self._start + start, length, self.failures)

    def buffered(self) -> io.BufferedReader:
        """The part as a buffered binary file of its own, positioned at its start."""
        return io.BufferedReader(self.part(0), 1 << 16)
