"""The reference for previews: vipsthumbnail, once for each of a photo's two files."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path

NAME = "vipsthumbnail"
_SIZES = (("1440x1440>", "jpg", "Q=80,strip"), ("x250>", "webp", "Q=75,strip"))


def is_there() -> bool:
    """Whether it is installed; says so if not."""
    if shutil.which(NAME) is None:
        print(f"{NAME} is not installed (Debian: libvips-tools)")
        return False
    return True


def make(photo: Path, folder: Path) -> None:
    """Write preview and thumbnail of one photo into `folder`."""
    for size, suffix, options in _SIZES:
        subprocess.run(
            [NAME, photo, "--size", size, "-o", f"{folder}/%s-{size[:4]}.{suffix}[{options}]"],
            check=True,
            env={"PATH": os.environ["PATH"], "VIPS_CONCURRENCY": "1"},  # noqa: TID251  its own
        )


def make_all(photos: Sequence[Path], folder: Path, processes: int) -> None:
    """The same for many, by so many processes at once."""
    with futures.ThreadPoolExecutor(processes) as threads:
        list(threads.map(lambda photo: make(photo, folder), photos))
