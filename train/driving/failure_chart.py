"""The seconds before a failure as curves: steering of pilot and expert, place across the road."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import Image
from car.pictures.lettering import Align, Colour, available_letters, write_aligned
from train.driving.failures import BEFORE_S, Moment

PANEL: Colour = (24, 30, 38)
GRID: Colour = (54, 62, 74)
SOFT: Colour = (170, 180, 194)
PILOT: Colour = (92, 190, 255)
BAND: Colour = (36, 66, 92)
EXPERT: Colour = (255, 196, 64)
PLACE: Colour = (236, 240, 246)
ALARM: Colour = (240, 90, 60)
LEFT, RIGHT, TOP, BETWEEN, BOTTOM = 78, 16, 26, 34, 26
MOST_PLACE = 1.4
"""Half widths of the road from its middle to the edge of the chart."""


def draw_chart(moments: Sequence[Moment], half_width_m: float, size_px: tuple[int, int]) -> Image:
    """Draw both curves, one above the other: uint8 (height, width, 3) RGB of that size."""
    width, height = size_px
    picture = np.full((height, width, 3), PANEL, np.uint8)
    room = (height - TOP - BETWEEN - BOTTOM) // 2
    steering = _Axes(picture, TOP, room, 1.0)
    place = _Axes(picture, TOP + room + BETWEEN, room, MOST_PLACE)
    times = np.array([moment.at_s - moments[-1].at_s for moment in moments])
    _steering(steering, moments, times)
    _place(place, moments, times, half_width_m)
    for second in range(int(BEFORE_S) + 1):
        x = place.x(-second)
        cv2.line(picture, (x, TOP), (x, height - BOTTOM), GRID, 1)
        _write(picture, "now" if not second else f"-{second} s", x, height - 8, 13, "centre")
    return picture


class _Axes:
    """A strip of the picture with time across and a value up; right is down, as the car turns."""

    def __init__(self, picture: Image, top: int, room: int, most: float) -> None:
        self.picture = picture
        self._top, self._room, self._most = top, room, most

    def x(self, time_s: float) -> int:
        """Column of a time."""
        span = self.picture.shape[1] - LEFT - RIGHT - 14
        return round(LEFT + span * (1 + time_s / BEFORE_S))

    def y(self, value: float) -> int:
        """Row of a value; left, positive, is up."""
        held = max(-self._most, min(self._most, value))
        return round(self._top + self._room * (0.5 - 0.5 * held / self._most))

    def curve(
        self, times: NDArray[np.float64], values: Sequence[float], colour: Colour, thick: int
    ) -> None:
        """Draw a curve."""
        points = [(self.x(t), self.y(v)) for t, v in zip(times.tolist(), values, strict=True)]
        cv2.polylines(self.picture, [np.array(points, np.int32)], False, colour, thick, cv2.LINE_AA)

    def rule(self, value: float, name: str, colour: Colour = GRID) -> None:
        """A line across with its name at the left."""
        y = self.y(value)
        cv2.line(self.picture, (LEFT, y), (self.picture.shape[1] - RIGHT, y), colour, 1)
        _write(self.picture, name, LEFT - 8, y + 5, 13, "right")

    def band(self, times: NDArray[np.float64], low: list[float], high: list[float]) -> None:
        """Fill between two curves."""
        forth = [(self.x(t), self.y(v)) for t, v in zip(times.tolist(), high, strict=True)]
        back = [(self.x(t), self.y(v)) for t, v in zip(times.tolist(), low, strict=True)]
        cv2.fillPoly(self.picture, [np.array(forth + back[::-1], np.int32)], BAND, cv2.LINE_AA)


def _steering(axes: _Axes, moments: Sequence[Moment], times: NDArray[np.float64]) -> None:
    """Left is up: the sign of steering is turned round."""
    sent = [-moment.sent.steering for moment in moments]
    spread = [moment.steering_std for moment in moments]
    if all(map(math.isfinite, spread)):
        low = [value - std for value, std in zip(sent, spread, strict=True)]
        high = [value + std for value, std in zip(sent, spread, strict=True)]
        axes.band(times, low, high)
    for value, name in ((1.0, "full left"), (0.0, "straight"), (-1.0, "full right")):
        axes.rule(value, name)
    axes.curve(times, [-moment.expert.steering for moment in moments], EXPERT, 2)
    axes.curve(times, sent, PILOT, 2)
    _write(axes.picture, "steering, with the pilot's own uncertainty", LEFT, axes.y(1.0) - 9, 13)


def _place(
    axes: _Axes, moments: Sequence[Moment], times: NDArray[np.float64], half_width_m: float
) -> None:
    for value, name, colour in (
        (1.0, "left edge", ALARM),
        (0.0, "middle", GRID),
        (-1.0, "right edge", ALARM),
    ):
        axes.rule(value, name, colour)
    axes.curve(times, [moment.cross_track_m / half_width_m for moment in moments], PLACE, 2)
    _write(axes.picture, "place across the road", LEFT, axes.y(MOST_PLACE) - 7, 13)


def _write(
    picture: Image, text: str, x: float, y: float, size: float, align: Align = "left"
) -> None:
    write_aligned(available_letters(), picture, text, (x, y), size, SOFT, 400, align)
