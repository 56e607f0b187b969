"""Where pixels look: rays of a camera, and the way from a ray back to its pixel.

Directions are in the car's frame: x ahead, y left, z up. The lens follows the division model.
"""

import math

import numpy as np
from numpy.typing import NDArray

from car.config import Lens

Floats = NDArray[np.float64]


def pixel_rays(lens: Lens, rows: int, columns: int) -> Floats:
    """Unit directions of all pixel centres, shape (rows, columns, 3)."""
    focal_px = _focal_px(lens, columns)
    right = (np.arange(columns) + 0.5 - columns / 2) / focal_px
    down = (np.arange(rows) + 0.5 - rows / 2) / focal_px
    x, y = np.meshgrid(right, down)
    stretch = 1.0 / np.maximum(1.0 + lens.distortion * (x * x + y * y), 0.1)
    seen = np.stack([np.ones_like(x), -x * stretch, -y * stretch], axis=-1)
    seen /= np.linalg.norm(seen, axis=-1, keepdims=True)
    return np.asarray(seen @ _to_car(lens).T)


def rays_to_pixels(lens: Lens, rays: Floats, rows: int, columns: int) -> NDArray[np.float32]:
    """Pixel coordinates (column, row) of directions, shape (..., 2); -1e4 for what lies behind."""
    seen = rays @ _to_car(lens)
    ahead = np.maximum(seen[..., 0], 1e-6)
    x, y = -seen[..., 1] / ahead, -seen[..., 2] / ahead
    radius2 = x * x + y * y
    shrink = 2.0 / (1.0 + np.sqrt(np.maximum(1.0 - 4.0 * lens.distortion * radius2, 0.0)))
    focal_px = _focal_px(lens, columns)
    column = x * shrink * focal_px + columns / 2 - 0.5
    row = y * shrink * focal_px + rows / 2 - 0.5
    pixels = np.stack([column, row], axis=-1)
    return np.where((seen[..., 0] > 1e-3)[..., None], pixels, -1e4).astype(np.float32)


def _focal_px(lens: Lens, columns: int) -> float:
    return columns / 2 / math.tan(math.radians(lens.field_of_view_deg) / 2)


def _to_car(lens: Lens) -> Floats:
    """Rotation from the camera's frame to the car's: roll about its axis, then pitch down."""
    pitch, roll = math.radians(lens.pitch_deg), math.radians(lens.roll_deg)
    cos_p, sin_p, cos_r, sin_r = math.cos(pitch), math.sin(pitch), math.cos(roll), math.sin(roll)
    pitched = np.array([[cos_p, 0.0, sin_p], [0.0, 1.0, 0.0], [-sin_p, 0.0, cos_p]])
    rolled = np.array([[1.0, 0.0, 0.0], [0.0, cos_r, -sin_r], [0.0, sin_r, cos_r]])
    to_car: Floats = pitched @ rolled
    return to_car
