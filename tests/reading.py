"""Facts of bytes, without a child process."""

import tempfile

from librarian import reader_child
from librarian.domain.facts import Facts
from librarian.formats.slices import Slice


def facts(content: bytes) -> Facts:
    """What the reader says about a file with this content."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return reader_child.facts_of(file.fileno())


class Part(Slice):
    """A part of a file whose bytes are given."""

    def __init__(self, content: bytes) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed with the part
        self._file.write(content)
        self._file.flush()
        super().__init__(self._file.fileno())

    def close(self) -> None:
        self._file.close()
        super().close()
