"""Which cells of a class map the car is about to drive over, for every steering that it may want.

The path is that of the kinematic single-track model with its circle about the rear axle (Rajamani,
Vehicle Dynamics and Control, chapter 2), laid on the ground plane and seen through the lens that
car.toml describes.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from car.config import Lens
from car.frame import Image, RoadClass
from car.pilots.settings import ChassisConfig

Floats = NDArray[np.float64]

BUCKETS = 33
"""Steerings, from full left to full right, whose paths are worked out in advance."""
NEAR_M, FAR_M, STEP_M = 0.3, 1.2, 0.06
"""Of the path that is judged, along it from the middle of the car."""
WIDTHS_M = (-0.09, 0.0, 0.09)
"""Left and right wheels, and between them."""
WORTH = (1.0, 1.0, 0.0, 0.0, 0.0)
"""By class, whether the car may drive there: on road and line."""


class Ahead(NamedTuple):
    """What a class map says of the ground ahead; shares are of what is in view, in [0, 1].

    Attributes:
        off_path: of the path that the wanted steering leads along, how much is no road.
        elsewhere: by how much more road there would be on the best path of all.
        nowhere: how much of the best path of all is no road.
        obstacle: of the wanted path, how much is something that stands there.
        reach: of the wanted path, how much is road before anything else comes.
        beside: how much of the ground right ahead, the width of a road, is no road.
    """

    off_path: float
    elsewhere: float
    nowhere: float
    obstacle: float
    reach: float
    beside: float


class PathAhead:
    """Looks up in class maps of one shape what lies on the paths of a car.

    Args:
        lens: of the camera whose picture became the class map.
        chassis: the car's measures.
        shape: rows and columns of the class maps.
        image_shape: rows and columns of the camera's picture.
    """

    def __init__(
        self,
        lens: Lens,
        chassis: ChassisConfig,
        shape: tuple[int, int],
        image_shape: tuple[int, int],
    ) -> None:
        paths = np.stack([_path(each, chassis) for each in np.linspace(-1.0, 1.0, BUCKETS)])
        cells, weights = _cells(lens, paths, shape, image_shape)
        self._paths = _masks(cells, weights, shape)
        self._best = (_neighbours(BUCKETS) @ self._paths).astype(np.float32)
        self._beside = _masks(*_cells(lens, _strip(), shape, image_shape), shape)[0]
        self._cells = cells.reshape(BUCKETS, -1, len(WIDTHS_M))
        self._weights = weights.reshape(self._cells.shape)
        self._whole = self._weights.sum(axis=2)
        self._worth = np.array(WORTH + (0.0,) * (256 - len(WORTH)), np.float32)

    def look(self, class_map: Image, steering: float) -> Ahead:
        """Judge the ground ahead.

        Args:
            class_map: uint8 (rows, columns) of RoadClass.
            steering: the wanted one, in [-1, +1].
        """
        flat = class_map.ravel()
        road = self._worth[flat]
        bucket = round((min(1.0, max(-1.0, steering)) + 1.0) / 2.0 * (BUCKETS - 1))
        path = self._paths[bucket]
        wanted, best = float(path @ road), float((self._best @ road).max())
        return Ahead(
            off_path=1.0 - wanted,
            elsewhere=max(0.0, best - wanted),
            nowhere=1.0 - best,
            obstacle=float(path @ (flat == RoadClass.OBSTACLE)),
            reach=self._reach(road, bucket),
            beside=1.0 - float(self._beside @ road),
        )

    def _reach(self, road: NDArray[np.float32], bucket: int) -> float:
        """Share of the path before the first stretch of which less than half is road."""
        whole = self._whole[bucket]
        on_road = (road[self._cells[bucket]] * self._weights[bucket]).sum(axis=1)
        missing = on_road < 0.5 * whole
        if not missing.any():
            return 1.0
        return float(whole[: int(missing.argmax())].sum())


def _path(steering: float, chassis: ChassisConfig) -> Floats:
    """Points on the ground that wheels and middle pass, float64 (n, 2): ahead, to the left."""
    curvature = (
        -math.tan(steering * math.radians(chassis.wheel_angle_max_deg)) / chassis.wheelbase_m
    )
    along = np.arange(round((FAR_M - NEAR_M) / STEP_M) + 1) * STEP_M + NEAR_M
    along = along + chassis.wheelbase_m / 2
    turned = curvature * along
    middle = along * np.sinc(turned / (2 * np.pi))
    x = middle * np.cos(turned / 2) - chassis.wheelbase_m / 2
    y = middle * np.sin(turned / 2)
    left = np.array(WIDTHS_M)
    across = x[:, None] - np.sin(turned)[:, None] * left
    return np.stack([across, y[:, None] + np.cos(turned)[:, None] * left], axis=-1).reshape(-1, 2)


def _strip() -> Floats:
    """Points right ahead of the car, as wide as a narrow road, float64 (1, n, 2)."""
    ahead, left = np.meshgrid(np.arange(0.3, 0.56, 0.05), np.arange(-0.3, 0.31, 0.05))
    return np.stack([ahead.ravel(), left.ravel()], axis=-1)[None]


def _cells(
    lens: Lens, points_m: Floats, shape: tuple[int, int], image_shape: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Cells in which points on the ground are seen, and the weight of each.

    Returns:
        Flat indices (paths, points), and weights that add up to 1 a path; 0 for what is not in
        view. A path of which nothing is in view has no weight at all, and counts as no road.
    """
    seen = ground_to_image(lens, points_m, image_shape)
    scale = np.array([shape[1] / image_shape[1], shape[0] / image_shape[0]])
    cell = np.floor(seen * scale)
    inside = ((cell >= 0) & (cell < (shape[1], shape[0]))).all(axis=-1)
    flat = np.where(inside, cell[..., 1] * shape[1] + cell[..., 0], 0).astype(np.intp)
    count = inside.sum(axis=1, keepdims=True)
    weights = inside / np.maximum(count, 1)
    return flat, weights.astype(np.float32)


def ground_to_image(lens: Lens, points_m: Floats, image_shape: tuple[int, int]) -> Floats:
    """Where points on the ground are seen.

    Args:
        lens: pose of the camera, and how it sees.
        points_m: (..., 2), ahead of the middle between the axles, and to its left.
        image_shape: rows and columns.

    Returns:
        (..., 2), column and row, 0 at the left and upper edge of the picture; nan for what lies
        behind the camera.
    """
    rows, columns = image_shape
    pitch, roll = math.radians(lens.pitch_deg), math.radians(lens.roll_deg)
    x, left = points_m[..., 0] - lens.forward_m, points_m[..., 1]
    ahead = x * math.cos(pitch) + lens.height_m * math.sin(pitch)
    below = -x * math.sin(pitch) + lens.height_m * math.cos(pitch)
    right = -left * math.cos(roll) + below * math.sin(roll)
    down = below * math.cos(roll) + left * math.sin(roll)
    ahead = np.where(ahead > 0.01, ahead, np.nan)
    right, down = right / ahead, down / ahead
    radius2 = right**2 + down**2
    root = np.sqrt(np.maximum(1.0 - 4.0 * lens.distortion * radius2, 0.0))
    focal_px = columns / 2 / math.tan(math.radians(lens.field_of_view_deg) / 2)
    shrink = focal_px * 2.0 / (1.0 + root)
    return np.stack([right * shrink + columns / 2, down * shrink + rows / 2], axis=-1)


def _masks(
    cells: NDArray[np.intp], weights: NDArray[np.float32], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Weights as masks over the whole class map, float32 (paths, rows x columns)."""
    masks = np.zeros((len(cells), shape[0] * shape[1]), np.float32)
    for mask, where, weight in zip(masks, cells, weights, strict=True):
        np.add.at(mask, where, weight)
    return masks


def _neighbours(count: int) -> NDArray[np.float32]:
    """Mean over three neighbouring paths, so that no single lucky cell makes a road."""
    near = np.abs(np.subtract.outer(np.arange(count), np.arange(count))) <= 1
    return np.asarray(near / near.sum(axis=1, keepdims=True), np.float32)
