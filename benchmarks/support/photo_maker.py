"""Photos as cameras make them, for benchmarks: 12 MP, some 3 MB, textures, noise, orientations.

A decoder's time depends on what it decodes: a photo of one colour decodes in no time, one of pure
noise never looks like that. These have slopes, edges, textures at every scale and sensor noise.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE: Final = (4032, 3024)
QUALITY: Final = 92
_ORIENTATIONS: Final = (1, 1, 6, 8, 3)
_ORIENTATION_TAG: Final = 0x0112
_OCTAVES: Final = (4, 8, 16, 32, 64, 128, 256, 512, 1024)
_NOISE: Final = 3.2  # standard deviation of the sensor's noise, of 255


def photo(seed: int, size: tuple[int, int] = SIZE) -> bytes:
    """Return a JPEG; the same seed gives the same photo."""
    random = np.random.default_rng(seed)
    width, height = size
    colours = sum(
        (_octave(random, size, cells, 110 / cells**0.62) for cells in _OCTAVES),
        np.full((height, width, 3), 120, np.float32),
    )
    _draw_edges(random, colours)
    colours += random.standard_normal((height, width, 1), np.float32) * _NOISE
    picture = Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))
    exif = Image.Exif()
    exif[_ORIENTATION_TAG] = _ORIENTATIONS[seed % len(_ORIENTATIONS)]
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=QUALITY, subsampling="4:2:0", exif=exif)
    return made.getvalue()


def write(folder: Path, count: int) -> list[Path]:
    """Write `count` photos that all differ; return their paths."""
    return list(_written(folder, count))


def write_many(folder: Path, count: int, *, distinct: int = 6) -> list[Path]:
    """Write `count` files of as many contents but few pictures: quickly made, slowly decoded."""
    pictures = [photo(seed) for seed in range(min(distinct, count))]
    paths = [folder / f"IMG_{number:05}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        # After the end of the picture any bytes may follow.
        path.write_bytes(pictures[number % distinct] + b"%08d\xff\xd9" % number)
    return paths


def _written(folder: Path, count: int) -> Iterator[Path]:
    for seed in range(count):
        path = folder / f"IMG_{seed:04}.jpg"
        path.write_bytes(photo(seed))
        yield path


def _octave(
    random: np.random.Generator, size: tuple[int, int], cells: int, strength: float
) -> NDArray[np.float32]:
    """Smooth noise with `cells` patches across."""
    rows = max(2, cells * size[1] // size[0])
    coarse = random.standard_normal((rows, cells, 3), np.float32) * strength
    layers = [
        np.asarray(Image.fromarray(coarse[..., band]).resize(size, Image.Resampling.BICUBIC))
        for band in range(3)
    ]
    return np.stack(layers, axis=-1)


def _draw_edges(random: np.random.Generator, colours: NDArray[np.float32]) -> None:
    """Roofs, poles, leaves: rectangles with sharp edges."""
    height, width, _ = colours.shape
    for _ in range(150):
        left, top = int(random.integers(width)), int(random.integers(height))
        wide, high = random.integers(4, 300, 2)
        colours[top : top + int(high), left : left + int(wide)] += random.normal(0, 40, 3)
