"""Many photos that all differ, made in no time."""

import random
from pathlib import Path

import photos


def write(folder: Path, count: int, *, first: int = 0, per_folder: int = 500) -> None:
    """Write `count` small JPEGs over ten days; each number from `first` is another content."""
    heads = [
        photos.jpeg(taken=f"2023:07:{day:02} 12:00:00", gps=(48.8, 2.3), seed=day)
        for day in range(1, 11)
    ]
    for number in range(first, first + count):
        place = folder / f"{number // per_folder:04}"
        place.mkdir(parents=True, exist_ok=True)
        # After the end of the picture any bytes may follow.
        (place / f"IMG_{number:05}.jpg").write_bytes(heads[number % 10] + b"%08d\xff\xd9" % number)


def write_large(folder: Path, count: int) -> None:
    """Write `count` JPEGs of 4 MB over ten days; each is another content."""
    noise = random.Random(1)  # noqa: S311  no secret
    for number in range(count):
        day = 1 + number % 10
        head = photos.jpeg(taken=f"2023:07:{day:02} 12:00:{number % 60:02}", seed=number)
        # Padding after the end of the image, as some phones write their maker's data.
        (folder / f"IMG_{number:05}.jpg").write_bytes(head + noise.randbytes(4_000_000) + head[-2:])
