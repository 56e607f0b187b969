"""The same moment seen by a car that stands beside its path, and the way back as the label.

A frame is redrawn as a camera moved sideways and turned would see it: what lies on the ground by
the ground plane, what lies above the horizon by the turn alone.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from car.config import Lens
from train.learning.dataset import UNKNOWN
from train.learning.ground import pixel_rays, rays_to_pixels

FARTHEST_M = 40.0
"""Ground farther away than this is treated like the sky: it only turns."""

LOOK_AHEAD_M = 0.45
LOOK_AHEAD_S = 0.22

NO_FRACTION = np.empty(0, np.uint16)
"""Of a map to whole pixels: a table of zeros in its place would move everything by one pixel."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chassis:
    """What turns a steering command into an arc.

    Attributes:
        wheelbase_m: between the axles.
        steering_rad: of the front wheels at full lock.
        speed_m_s: assumed where a record does not say.
    """

    wheelbase_m: float = 0.257
    steering_rad: float = math.radians(25.0)
    speed_m_s: float = 1.5


class ViewBank:
    """Ready-made warps for one lens, so that shifting a view costs no more than a remap.

    Attributes:
        sideways_m: (n,) how far left of its path the car stands.
        turned_rad: (n,) how far left it is turned.
    """

    def __init__(
        self,
        lens: Lens,
        image_shape: tuple[int, int],
        class_map_shape: tuple[int, int],
        rng: np.random.Generator,
        count: int = 256,
        sideways_m: float = 0.35,
        turned_rad: float = math.radians(20.0),
        chassis: Chassis | None = None,
    ) -> None:
        chassis = chassis or Chassis()
        self.sideways_m = rng.triangular(-sideways_m, 0.0, sideways_m, count)
        self.turned_rad = rng.triangular(-turned_rad, 0.0, turned_rad, count)
        to_camera_m = chassis.wheelbase_m / 2 + lens.forward_m
        shifts = list(zip(self.sideways_m, self.turned_rad, strict=True))
        self._image_maps = [
            packed(shift_map(lens, image_shape, d, a, to_camera_m)) for d, a in shifts
        ]
        self._class_maps = [
            nearest(shift_map(lens, class_map_shape, d, a, to_camera_m)) for d, a in shifts
        ]

    def __len__(self) -> int:
        return len(self.sideways_m)

    def shift_image(
        self, image: NDArray[np.uint8], number: int, mirror_edge: bool
    ) -> NDArray[np.uint8]:
        """Redraw an image; what the camera did not see is stretched or mirrored into place."""
        border = cv2.BORDER_REFLECT_101 if mirror_edge else cv2.BORDER_REPLICATE
        moved = cv2.remap(image, *self._image_maps[number], cv2.INTER_LINEAR, borderMode=border)
        return np.asarray(moved, dtype=np.uint8)

    def shift_classes(self, classes: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
        """Redraw a class map; what the camera did not see is unknown."""
        moved = cv2.remap(
            classes,
            self._class_maps[number],
            NO_FRACTION,
            cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=UNKNOWN,
        )
        return np.asarray(moved, dtype=np.uint8)


def packed(places: NDArray[np.float32]) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """A map in OpenCV's fixed-point form: whole pixels, and where between them."""
    whole, part = cv2.convertMaps(*_within(places), cv2.CV_16SC2)
    return np.asarray(whole, np.int16), np.asarray(part, np.uint16)


def nearest(places: NDArray[np.float32]) -> NDArray[np.int16]:
    """A map to the nearest whole pixels."""
    return np.stack([np.rint(each) for each in _within(places)], axis=-1).astype(np.int16)


def _within(places: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Columns and rows to fetch from; what lies outside stays within one image's width."""
    rows, columns = places.shape[:2]
    return (
        np.clip(places[..., 0], -0.9 * columns, 1.9 * columns),
        np.clip(places[..., 1], -0.9 * rows, 1.9 * rows),
    )


def shift_map(
    lens: Lens, shape: tuple[int, int], sideways_m: float, turned_rad: float, to_camera_m: float
) -> NDArray[np.float32]:
    """For each pixel of the moved view, where it is in the recorded one: (rows, columns, 2).

    Args:
        lens: of both views.
        shape: rows and columns of both views.
        sideways_m: rear axle moved left.
        turned_rad: turned left about the rear axle.
        to_camera_m: from the rear axle ahead to the camera.
    """
    rays = pixel_rays(lens, *shape)
    cos_t, sin_t = math.cos(turned_rad), math.sin(turned_rad)
    turn = np.array([[cos_t, -sin_t, 0.0], [sin_t, cos_t, 0.0], [0.0, 0.0, 1.0]])
    rays = rays @ turn.T
    moved_m = np.array([to_camera_m * cos_t - to_camera_m, sideways_m + to_camera_m * sin_t, 0.0])
    fall = np.maximum(-rays[..., 2:], lens.height_m / FARTHEST_M)
    on_ground = rays * (lens.height_m / fall) + moved_m
    seen = np.where(rays[..., 2:] < -lens.height_m / FARTHEST_M, on_ground, rays)
    return rays_to_pixels(lens, seen, *shape)


def way_back(
    steering: Floats,
    sideways_m: Floats,
    turned_rad: Floats,
    speed_m_s: Floats | float,
    delay_s: float,
    chassis: Chassis,
) -> Floats:
    """Steering that brings a shifted car to the point that the driver was steering for.

    Args:
        steering: (n,) what the driver did, +1 right.
        sideways_m: (n,) rear axle left of where it was.
        turned_rad: (n,) heading left of what it was.
        speed_m_s: (n,) or one for all.
        delay_s: the command acts this much later; both cars roll straight on until then.
        chassis: of the car.

    Returns:
        (n,) in [-1, +1].
    """
    ahead_m = LOOK_AHEAD_M + LOOK_AHEAD_S * np.asarray(speed_m_s)
    rolled_m = np.asarray(speed_m_s) * delay_s
    curvature = np.tan(-steering * chassis.steering_rad) / chassis.wheelbase_m
    bearing = np.arcsin(np.clip(curvature * ahead_m / 2, -1.0, 1.0))
    x = rolled_m + ahead_m * np.cos(bearing) - rolled_m * np.cos(turned_rad)
    y = ahead_m * np.sin(bearing) - sideways_m - rolled_m * np.sin(turned_rad)
    bearing = np.clip(np.arctan2(y, x) - turned_rad, -np.pi / 2, np.pi / 2)
    angle = np.arctan(2 * chassis.wheelbase_m * np.sin(bearing) / np.maximum(np.hypot(x, y), 0.05))
    return np.asarray(np.clip(-angle / chassis.steering_rad, -1.0, 1.0))
