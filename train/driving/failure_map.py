"""The road around a failure from above: its edges, the path of the last seconds, and the whole."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import Image
from car.pictures.lettering import Colour, available_letters, write_aligned
from car.pictures.track_map import TrackMap
from car.simulation.track import Track
from train.driving.failures import Failure, Moment

BACKGROUND: Colour = (26, 34, 30)
ROAD: Colour = (84, 92, 104)
EDGE: Colour = (150, 160, 174)
MIDDLE: Colour = (120, 130, 144)
PATH: Colour = (92, 190, 255)
ALARM: Colour = (240, 90, 60)
WHITE: Colour = (255, 255, 255)
REACH_M = 3.4
"""Half of the width that is shown."""
SHIFT = 4


def draw_map(
    track: Track, moments: Sequence[Moment], failure: Failure, size_px: tuple[int, int]
) -> Image:
    """Draw the surroundings: uint8 (height, width, 3) RGB of that size, north up."""
    width, height = size_px
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    path = np.array([(moment.x_m, moment.y_m) for moment in moments])
    view = _View((path.min(axis=0) + path.max(axis=0)) / 2, width / (2 * REACH_M), size_px)
    half = track.width_m / 2
    thickness = max(1, round(track.width_m * view.px_per_m))
    _line(picture, view.points(track.centre_m), ROAD, thickness, closed=True)
    for side in (-half, half):
        _line(picture, view.points(track.centre_m + side * track.normal), EDGE, 1, closed=True)
    for point in view.points(track.centre_m[::3]):
        cv2.circle(picture, tuple(point.tolist()), 1 << SHIFT, MIDDLE, -1, cv2.LINE_AA, SHIFT)
    _line(picture, view.points(path), PATH, 3, closed=False)
    _car(picture, view, moments[-1])
    (x, y) = view.points(np.array([(failure.x_m, failure.y_m)]))[0].tolist()
    cv2.circle(picture, (x, y), 13 << SHIFT, ALARM, 2, cv2.LINE_AA, SHIFT)
    _whole(picture, track, path)
    _scale(picture, view)
    return picture


class _View:
    """Turns metres into sixteenths of a pixel."""

    def __init__(
        self, middle_m: NDArray[np.float64], px_per_m: float, size_px: tuple[int, int]
    ) -> None:
        self.px_per_m = px_per_m
        self._middle_m, self._size_px = middle_m, np.array(size_px)

    def points(self, points_m: NDArray[np.float64]) -> NDArray[np.int32]:
        """(n, 2) of x and y."""
        pixels = (points_m - self._middle_m) * [self.px_per_m, -self.px_per_m] + self._size_px / 2
        return np.round(pixels * (1 << SHIFT)).astype(np.int32)


def _car(picture: Image, view: _View, moment: Moment) -> None:
    """An arrow head of the car's size at its place and heading."""
    c, s = math.cos(moment.heading_rad), math.sin(moment.heading_rad)
    corners = np.array([(0.24, 0.0), (-0.16, 0.11), (-0.08, 0.0), (-0.16, -0.11)])
    turned = corners @ np.array([[c, s], [-s, c]]) + (moment.x_m, moment.y_m)
    cv2.fillPoly(picture, [view.points(turned)[:, None]], WHITE, cv2.LINE_AA, SHIFT)


def _whole(picture: Image, track: Track, path: NDArray[np.float64]) -> None:
    """The whole track, small, in the corner."""
    end = (float(path[-1, 0]), float(path[-1, 1]))
    small = TrackMap(track.centre_m, track.width_m, 116, 88).picture(end, path)
    high, wide = small.shape[:2]
    corner = picture[8 : 8 + high, -8 - wide : -8]
    cv2.addWeighted(small, 0.85, corner, 0.15, 0.0, dst=corner)


def _scale(picture: Image, view: _View) -> None:
    y, right = picture.shape[0] - 14, 14 + round(view.px_per_m)
    cv2.line(picture, (14, y), (right, y), WHITE, 2)
    write_aligned(available_letters(), picture, "1 m", (right + 8, y + 5), 13, WHITE)


def _line(
    picture: Image, points: NDArray[np.int32], colour: Colour, thickness: int, *, closed: bool
) -> None:
    cv2.polylines(picture, [points[:, None]], closed, colour, thickness, cv2.LINE_AA, SHIFT)
