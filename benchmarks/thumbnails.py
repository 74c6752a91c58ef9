"""Photos per second of the thumbnailer, against vipsthumbnail run twice for each photo.

    ./photofactory bench thumbnails

12 MP JPEGs of some 3 MB (photo_maker.py) in the page cache; a 1440 px JPEG preview and a 250 px
WebP thumbnail of each, written to files. Both use as many processes at once as there are cores.
The thumbnailer's way is the service's own: children with limits, descriptors, base64 back to the
parent. Each is run in turn; the ratio is of the medians. Beside the wall clock stands the time
that the processors worked, which other work on the machine does not change.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import photo_maker
import vips_reference
from shared.children.children import Children
from shared.disk import root_folder
from shared.disk.root_folder import KnownRoot
from thumbnailer import rendering, storing

_REQUEST = {"mime_type": "image/jpeg", "is_damaged": False, "orientation": None}


@dataclass(frozen=True, slots=True)
class Speed:
    """One run over all photos."""

    photos_per_s: float
    processor_ms: float  # per photo


def main() -> int:
    """Print the table; 1 where vipsthumbnail is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=16)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if not vips_reference.is_there():
        return 1
    with tempfile.TemporaryDirectory() as folder:
        ours, reference = _compare(Path(folder), options)
    print("| | photos/s (median) | processor ms a photo | all runs, photos/s |")
    print("|---|---|---|---|")
    for name, speeds in (("thumbnailer", ours), (f"{vips_reference.NAME} twice", reference)):
        rates = ", ".join(f"{speed.photos_per_s:.1f}" for speed in speeds)
        print(f"| {name} | {_rate(speeds):.1f} | {_processor_ms(speeds):.0f} | {rates} |")
    wall = _rate(ours) / _rate(reference)
    print(f"| ratio | {wall:.2f} | {_processor_ms(reference) / _processor_ms(ours):.2f} | |")
    return 0


def _compare(folder: Path, options: argparse.Namespace) -> tuple[list[Speed], list[Speed]]:
    photos = photo_maker.write(folder, options.photos)
    root = root_folder.mark(str(folder / "Derivatives"), "derivatives", uuid4()).known
    ours: list[Speed] = []
    reference: list[Speed] = []
    for _ in range(options.runs):
        reference.append(
            _measure(photos, options.processes, lambda photo: vips_reference.make(photo, folder))
        )
        ours.append(_thumbnailer(photos, options.processes, root))
    return ours, reference


def _thumbnailer(photos: Sequence[Path], processes: int, root: KnownRoot) -> Speed:
    """Starting the children is part of it."""
    pool = Children(rendering.FUNCTION, processes=processes)

    def make(photo: Path) -> None:
        descriptor = os.open(photo, os.O_RDONLY)
        try:
            made, _ = rendering.render(pool, _REQUEST, descriptor)
        finally:
            os.close(descriptor)
        storing.store(root, _id_of(photo), made)

    return _measure(photos, processes, make, finish=pool.close)


def _measure(
    photos: Sequence[Path],
    processes: int,
    make: Callable[[Path], None],
    *,
    finish: Callable[[], None] = lambda: None,
) -> Speed:
    begun_s, worked_s = time.perf_counter(), _processor_s()
    with futures.ThreadPoolExecutor(processes) as threads:
        list(threads.map(make, photos))
    seconds = time.perf_counter() - begun_s
    finish()  # ended children are counted
    return Speed(len(photos) / seconds, (_processor_s() - worked_s) * 1000 / len(photos))


def _processor_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _id_of(photo: Path) -> UUID:
    return UUID(int=int(photo.stem.removeprefix("IMG_")))


def _rate(speeds: Sequence[Speed]) -> float:
    return statistics.median(speed.photos_per_s for speed in speeds)


def _processor_ms(speeds: Sequence[Speed]) -> float:
    return statistics.median(speed.processor_ms for speed in speeds)


if __name__ == "__main__":
    raise SystemExit(main())
