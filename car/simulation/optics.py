"""How a lens maps directions to pixels, with barrel or pincushion distortion (division model)."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.config import Lens

_LEAST_DIVISOR = 0.12
"""Keeps the far corners of a very wide lens in front of the camera."""


class Rays(NamedTuple):
    """Where each pixel looks, for one unit ahead of the camera.

    Attributes:
        left: float32 (height, columns), positive to the left.
        up: float32 (height, columns), positive upwards.
        focal_px: focal length.
        distortion: of the lens, see car.config.Lens.
    """

    left: NDArray[np.float32]
    up: NDArray[np.float32]
    focal_px: float
    distortion: float


def rays_of(lens: Lens, width_px: int, height_px: int, multiple: int = 1) -> Rays:
    """Work out where each pixel looks.

    Args:
        lens: how the camera sees.
        width_px: of the image.
        height_px: of the image.
        multiple: rows go on, beyond the image, to a multiple of so many columns.
    """
    focal_px = width_px / 2 / math.tan(math.radians(lens.field_of_view_deg) / 2)
    columns = math.ceil(width_px / multiple) * multiple
    column = (np.arange(columns) + 0.5 - width_px / 2) / focal_px
    row = (np.arange(height_px) + 0.5 - height_px / 2) / focal_px
    right, down = np.meshgrid(column, row)
    divisor = np.maximum(1.0 + lens.distortion * (right**2 + down**2), _LEAST_DIVISOR)
    return Rays(
        left=(-right / divisor).astype(np.float32),
        up=(-down / divisor).astype(np.float32),
        focal_px=focal_px,
        distortion=lens.distortion,
    )
