"""The steering dial: an arc at the foot of a picture, with ticks and pointers on it."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import Image
from car.pictures.lettering import Colour

_FULL_LOCK_DEG = 52.0
_RADIUS = 120.0
_STEPS = np.linspace(0.0, 1.0, 25)
FloatArray = NDArray[np.float64]


class Dial:
    """Draws on one picture, in place; radii and strokes are for a picture 480 pixels high."""

    def __init__(self, picture: Image) -> None:
        self._picture = picture
        self._height, self._width = picture.shape[:2]
        self._unit: float = self._height / 480.0

    def arc(self, start: float, end: float, colour: Colour, thickness: float) -> None:
        """Draw the dial itself from one steering to another."""
        points = self._places(start + (end - start) * _STEPS, np.full_like(_STEPS, _RADIUS))
        self._stroke(points, colour, thickness)

    def tick(
        self, steering: float, inner: float, outer: float, colour: Colour, thickness: float
    ) -> None:
        """Draw a stroke across the dial."""
        self._stroke(
            self._places(np.full(2, steering), np.array([inner, outer])), colour, thickness
        )

    def pointer(self, steering: float, radius: float, colour: Colour) -> None:
        """Draw a triangle whose tip is at the radius; beyond full lock it stays at the edge."""
        held = min(max(steering, -1.0), 1.0)
        corners = self._places(
            held + np.array([0.0, -0.09, 0.09]), radius + np.array([0.0, 16.0, 16.0])
        )
        cv2.fillConvexPoly(self._picture, corners, colour, cv2.LINE_AA, 4)

    def _places(self, steering: FloatArray, radius: FloatArray) -> NDArray[np.int32]:
        """Place values on the dial: (n, 2) of x and y in sixteenths of a pixel."""
        angle_rad = np.clip(steering, -1.0, 1.0) * math.radians(_FULL_LOCK_DEG)
        x = self._width / 2 + radius * self._unit * np.sin(angle_rad)
        y = self._height + (10 - radius * np.cos(angle_rad)) * self._unit
        return np.asarray(np.column_stack((x, y)) * 16.0, np.int32)

    def _stroke(self, points: NDArray[np.int32], colour: Colour, thickness: float) -> None:
        width = max(round(thickness * self._unit), 1)
        cv2.polylines(self._picture, [points[:, None]], False, colour, width, cv2.LINE_AA, 4)
