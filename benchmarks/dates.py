"""Agreement of dates, offsets and positions with an independent reader, and the reader's speed.

PHOTOFACTORY_SAMPLES=FOLDER ./photofactory bench dates
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable

import agreement
import photos
import samples
from librarian import reader, reader_child
from shared.children.children import Children


def main() -> int:
    """Prints the figures; 1 where there are no samples."""
    _speed()
    found = samples.find()
    if found is None:
        print("PHOTOFACTORY_SAMPLES names no folder")
        return 1
    pool = Children(reader.FUNCTION, processes=1)
    begun = time.perf_counter()
    try:
        measured = agreement.measure(found, reader.Reader(pool).read)
    finally:
        pool.close()
    seconds = time.perf_counter() - begun
    print(f"{len(found.truth)} files in {seconds:.1f} s through one child")
    for what, number in sorted(measured.compared.items()):
        print(f"{what:9} {number:4} compared, {measured.share(what):.2%} agree")
    for one in measured.differences:
        print(f"  {one.what}: {one.path}: {one.reference} / {one.ours} {one.rejected_as or ''}")
    return 0


def _speed(times: int = 200) -> None:
    """Milliseconds of one 12 MP JPEG, in this process and through a child."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        photos.jpeg(file.name, size=(4032, 3024), gps=(48.8, 2.5), make="Canon", offset="+02:00")
        fd = os.open(file.name, os.O_RDONLY)
        pool = Children(reader.FUNCTION, processes=1)
        child = reader.Reader(pool)
        _time("12 MP JPEG, here", lambda: reader_child.facts_of(fd), times)
        _time("12 MP JPEG, child", lambda: child.read(fd, "a.jpg"), times)
        pool.close()
        os.close(fd)


def _time(label: str, read: Callable[[], object], times: int) -> None:
    read()
    begun = time.perf_counter()
    for _ in range(times):
        read()
    print(f"{label}: {(time.perf_counter() - begun) / times * 1000:.2f} ms")


if __name__ == "__main__":
    sys.exit(main())
