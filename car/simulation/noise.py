"""Smooth random fields: tiles that repeat without a seam, and stretches that do not repeat."""

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

_PAD = 2


def tile_noise(
    rng: np.random.Generator,
    size: int,
    cells: int | tuple[int, int],
    octaves: int = 4,
    gain: float = 0.6,
) -> Field:
    """Make noise that wraps on all sides.

    Args:
        rng: where it comes from.
        size: edge of the tile in texels, a power of two.
        cells: blobs along (rows, columns) of the coarsest octave, powers of two.
        octaves: each has twice the cells of the one before it.
        gain: weight of an octave against that of the one before it.

    Returns:
        float32 (size, size), mean 0, standard deviation 1.
    """
    rows, columns = (cells, cells) if isinstance(cells, int) else cells
    total = np.zeros((size, size), np.float32)
    weight = 1.0
    for _ in range(octaves):
        total += weight * _wrapped_octave(rng, size, min(rows, size), min(columns, size))
        weight *= gain
        rows, columns = rows * 2, columns * 2
    return standard(total)


def _wrapped_octave(rng: np.random.Generator, size: int, rows: int, columns: int) -> Field:
    grid = rng.standard_normal((rows, columns), np.float32)
    if rows == size and columns == size:
        return grid
    wide = np.pad(grid, _PAD, mode="wrap")
    high, across = size // rows, size // columns
    shape = (wide.shape[1] * across, wide.shape[0] * high)
    large = cv2.resize(wide, shape, interpolation=cv2.INTER_CUBIC)
    top, left = _PAD * high, _PAD * across
    return np.asarray(large[top : top + size, left : left + size], np.float32)


def field_noise(
    rng: np.random.Generator, shape: tuple[int, int], blob_px: float, octaves: int = 3
) -> Field:
    """Make noise that does not repeat.

    Args:
        rng: where it comes from.
        shape: (rows, columns).
        blob_px: size of the largest blobs.
        octaves: each has blobs half as large as the one before it.

    Returns:
        float32 of that shape, mean 0, standard deviation 1.
    """
    rows, columns = shape
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        blob = max(1.0, blob_px / 2**octave)
        grid_shape = (int(rows / blob) + 3, int(columns / blob) + 3)
        grid = rng.standard_normal(grid_shape, np.float32)
        total += 0.55**octave * np.asarray(
            cv2.resize(grid, (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32
        )
    return standard(total)


def ring_noise(rng: np.random.Generator, length: int, waves: int, roughness: float = 0.6) -> Field:
    """Make a line of noise whose end meets its beginning.

    Args:
        rng: where it comes from.
        length: samples around.
        waves: highest number of waves around.
        roughness: 0 keeps the longest wave alone, 1 gives all waves the same height.

    Returns:
        float32 (length,), mean 0, standard deviation 1.
    """
    around = np.linspace(0.0, 2 * np.pi, length, endpoint=False)
    number = np.arange(1, waves + 1)
    height = rng.uniform(0.3, 1.0, waves) * number ** (-2.0 * (1.0 - roughness))
    phase = rng.uniform(0.0, 2 * np.pi, waves)
    line = (height[:, None] * np.sin(number[:, None] * around + phase[:, None])).sum(0)
    return standard(line.astype(np.float32))


def standard(values: Field) -> Field:
    """Shift and scale to mean 0 and standard deviation 1."""
    values -= values.mean()
    values /= max(float(values.std()), 1e-6)
    return values
