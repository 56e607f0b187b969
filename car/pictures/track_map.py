"""A small map of the track, drawn once, with the car and its trail put on it every frame."""

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import Image
from car.pictures.lettering import Colour

_BACKGROUND: Colour = (16, 20, 26)
_ROAD: Colour = (92, 102, 116)
_TRAIL: Colour = (92, 190, 255)
_CAR: Colour = (255, 255, 255)
_SHIFT_BITS = 4


class TrackMap:
    """The track from above, x to the right and y up, fitted into a box.

    Args:
        centre_line_m: (n, 2) of x and y; a closed loop, the first point need not be repeated.
        road_width_m: drawn to scale, but never thinner than three pixels.
        width_px: of the box.
        height_px: of the box.
    """

    def __init__(
        self,
        centre_line_m: NDArray[np.floating],
        road_width_m: float,
        width_px: int = 150,
        height_px: int = 116,
    ) -> None:
        low, high = centre_line_m.min(axis=0), centre_line_m.max(axis=0)
        size_m = np.maximum(high - low + 2.0 * road_width_m, 1e-6)
        self._px_per_m = float(min((width_px - 8) / size_m[0], (height_px - 8) / size_m[1]))
        self._middle_m = (low + high) / 2.0
        self._box_px = (width_px, height_px)
        self._base = self._drawn(centre_line_m, road_width_m)

    def picture(
        self, position_m: tuple[float, float], trail_m: NDArray[np.floating] | None = None
    ) -> Image:
        """Draw the map with the car on it.

        Args:
            position_m: x and y of the car.
            trail_m: (n, 2) where it was, oldest first.

        Returns:
            uint8 (height, width, 3) RGB.
        """
        picture = self._base.copy()
        if trail_m is not None and len(trail_m) > 1:
            _line(picture, self._points(trail_m), _TRAIL, 2, closed=False)
        x, y = (int(value) for value in self._points(np.array([position_m]))[0])
        radius = 5 << _SHIFT_BITS
        cv2.circle(picture, (x, y), radius, _BACKGROUND, -1, cv2.LINE_AA, _SHIFT_BITS)
        cv2.circle(picture, (x, y), radius * 7 // 10, _CAR, -1, cv2.LINE_AA, _SHIFT_BITS)
        return picture

    def _drawn(self, centre_line_m: NDArray[np.floating], road_width_m: float) -> Image:
        width_px, height_px = self._box_px
        base = np.full((height_px, width_px, 3), _BACKGROUND, np.uint8)
        thickness = max(round(road_width_m * self._px_per_m), 3)
        _line(base, self._points(centre_line_m), _ROAD, thickness, closed=True)
        return base

    def _points(self, points_m: NDArray[np.floating]) -> NDArray[np.int32]:
        """Turn (n, 2) metres into (n, 2) sixteenths of a pixel."""
        stretch = np.array([self._px_per_m, -self._px_per_m])
        pixels = (np.asarray(points_m) - self._middle_m) * stretch + np.array(self._box_px) / 2.0
        sixteenths: NDArray[np.int32] = np.round(pixels * (1 << _SHIFT_BITS)).astype(np.int32)
        return sixteenths


def _line(
    picture: Image, points: NDArray[np.int32], colour: Colour, thickness: int, *, closed: bool
) -> None:
    cv2.polylines(picture, [points[:, None]], closed, colour, thickness, cv2.LINE_AA, _SHIFT_BITS)
