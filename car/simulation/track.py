"""A closed road: its middle line, evenly spaced, and all that follows from it."""

import math
from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

Points = NDArray[np.float64]

SPACING_M = 0.05
WIDTH_M = 0.9


@dataclass(frozen=True)
class Track:
    """A closed road.

    Attributes:
        name: what `parse_track` takes.
        centre_m: float64 (n, 2), the middle of the road, evenly spaced, x east and y north.
        width_m: from edge to edge.
        spacing_m: between two points.
        length_m: once around.
        tangent: float64 (n, 2), unit vectors along the road.
        normal: float64 (n, 2), unit vectors to the left.
        heading_rad: float64 (n,), counter-clockwise from east.
        curvature: float64 (n,), 1/m, left is positive.
    """

    name: str
    centre_m: Points
    width_m: float
    spacing_m: float = field(init=False)
    length_m: float = field(init=False)
    tangent: Points = field(init=False)
    normal: Points = field(init=False)
    heading_rad: Points = field(init=False)
    curvature: Points = field(init=False)

    def __post_init__(self) -> None:
        ahead, behind = np.roll(self.centre_m, -1, 0), np.roll(self.centre_m, 1, 0)
        steps = np.linalg.norm(ahead - self.centre_m, axis=1)
        chord = (ahead - behind) / 2
        tangent = chord / np.linalg.norm(chord, axis=1, keepdims=True)
        heading = np.arctan2(tangent[:, 1], tangent[:, 0])
        turn = np.roll(heading, -1) - np.roll(heading, 1)
        turn = (turn + math.pi) % (2 * math.pi) - math.pi
        for name, value in {
            "length_m": float(steps.sum()),
            "spacing_m": float(steps.mean()),
            "tangent": tangent,
            "normal": np.column_stack([-tangent[:, 1], tangent[:, 0]]),
            "heading_rad": heading,
            "curvature": turn / (2 * steps.mean()),
        }.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.centre_m)

    def nearest(self, x_m: float, y_m: float, around: int | None = None) -> int:
        """Find the centre line point nearest to a place.

        Args:
            x_m: east.
            y_m: north.
            around: search only some 2 m ahead and 1 m behind this point, so that a car on a
                crossing stays on its own branch. None searches everywhere.
        """
        if around is None:
            return int(np.hypot(self.centre_m[:, 0] - x_m, self.centre_m[:, 1] - y_m).argmin())
        return int(_nearest_within(self.centre_m, x_m, y_m, around - 20, around + 41))

    def cross_track_m(self, x_m: float, y_m: float, index: int) -> float:
        """Distance from the centre line at a point of it; left is positive."""
        return float(_across(self.centre_m, self.normal, x_m, y_m, index))


@njit(cache=True)
def _nearest_within(points, x, y, first, end):  # type: ignore[no-untyped-def]
    """Index of the nearest of a stretch of a closed line; the first where several are."""
    best, least = 0, math.inf
    for index in range(first, end):
        place = index % len(points)
        away = (points[place, 0] - x) ** 2 + (points[place, 1] - y) ** 2
        if away < least:
            best, least = place, away
    return best


@njit(cache=True)
def _across(points, normals, x, y, index):  # type: ignore[no-untyped-def]
    """How far a place is to the left of a point of a line."""
    return (x - points[index, 0]) * normals[index, 0] + (y - points[index, 1]) * normals[index, 1]


def track_along(name: str, line: Points) -> Track:
    """Make a road of the usual width along a closed line of points, its corners rounded off."""
    rounded = resample(smooth(resample(line), 0.16))
    return Track(name, rounded - (rounded.max(0) + rounded.min(0)) / 2, WIDTH_M)


def spline(corners: Points, steps: int = 60) -> Points:
    """Closed uniform cubic B-spline through the neighbourhood of its control points."""
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    weights = (
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    )
    count = len(corners)
    return np.concatenate(
        [
            sum((w * corners[(i + k - 1) % count] for k, w in enumerate(weights)), np.zeros(2))
            for i in range(count)
        ]
    )


def resample(line: Points, spacing_m: float = SPACING_M) -> Points:
    """Space the points of a closed line evenly."""
    closed = np.vstack([line, line[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    count = max(8, round(along[-1] / spacing_m))
    at = np.linspace(0, along[-1], count, endpoint=False)
    return np.column_stack([np.interp(at, along, closed[:, i]) for i in (0, 1)])


def smooth(line: Points, sigma_m: float) -> Points:
    """Round off a closed, evenly spaced line by a Gaussian, so that curvature has no steps."""
    frequency = np.fft.rfftfreq(len(line), SPACING_M)
    keep = np.exp(-2 * (math.pi * sigma_m * frequency) ** 2)[:, None]
    return np.asarray(np.fft.irfft(np.fft.rfft(line, axis=0) * keep, len(line), axis=0))
