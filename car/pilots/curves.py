"""Curves on the ground ahead of the car, and the search for the one that lies best on a view.

A curve is a clothoid: it begins beside the rear axle's middle line and its curvature changes
evenly. The search tries a fixed table of them at once, then refines the best by ever finer steps.
Gaps in what is looked for cost a curve only their own part of it, and a single wrong spot little.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from car.pilots.road_view import GroundGrid

Floats = NDArray[np.float32]

START_M = 0.35
LENGTH_M = 1.44
STEP_M = 0.06
COUNT = round(LENGTH_M / STEP_M)
OFFSETS_M = np.linspace(-0.72, 0.72, 19)
HEADINGS_RAD = np.radians(np.linspace(-60.0, 60.0, 13))
CURVATURES = np.linspace(-1.8, 1.8, 10)
FIRST_STEPS = np.array([0.04, 0.09, 0.2, 0.25])
LARGEST = np.array([0.9, 1.3, 2.2, 1.8])
LEVELS = 5
LEAST_SEEN = 6.0
"""Steps of a curve that must be in the picture before their mean counts in full."""


class Curve(NamedTuple):
    """A way over the ground; left and counter-clockwise are positive.

    Attributes:
        offset_m: where it begins, `START_M` ahead of the rear axle.
        heading_rad: in which direction it begins.
        curvature: reciprocal of its radius in metres at the begin.
        curvature_per_m: by how much the curvature changes along it.
    """

    offset_m: float = 0.0
    heading_rad: float = 0.0
    curvature: float = 0.0
    curvature_per_m: float = 0.0


class Found(NamedTuple):
    """The best curve of a view.

    Attributes:
        curve: where it lies.
        worth: mean of the view's values along it.
        seen: how many of its steps the picture shows.
    """

    curve: Curve
    worth: float
    seen: float


def trace(curves: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Walk along curves in steps of STEP_M.

    Args:
        curves: (n, 4), rows as in Curve.

    Returns:
        points float32 (n, COUNT, 2) in metres, headings float32 (n, COUNT) in radians.
    """
    along = (np.arange(COUNT) * STEP_M)[None]
    offset, heading, bend, change = (curves[:, k, None] for k in range(4))
    headings = heading + bend * along + change * along**2 / 2
    middle = headings - (bend + change * along) * STEP_M / 2
    x = START_M + np.cumsum(np.cos(middle), axis=1) * STEP_M
    y = offset + np.cumsum(np.sin(middle), axis=1) * STEP_M
    return np.stack([x, y], axis=-1).astype(np.float32), headings.astype(np.float32)


class CurveSearch:
    """Finds the curve whose neighbourhood a view from above is brightest along.

    Args:
        grid: of the views.
        visible: float32 of the grid's shape, 1 where the picture shows the ground.
        beside_m: how far to the left of the curve to look; several are looked at together.
        unseen: what a step is worth that the picture does not show.
    """

    def __init__(
        self, grid: GroundGrid, visible: Floats, beside_m: tuple[float, ...], unseen: float = 0.0
    ) -> None:
        self._grid, self._visible, self._beside_m = grid, visible, beside_m
        self._unseen = unseen
        self._table = np.stack(
            [
                each.ravel()
                for each in np.meshgrid(OFFSETS_M, HEADINGS_RAD, CURVATURES, [0.0], indexing="ij")
            ],
            axis=1,
        )
        points, headings = trace(self._table)
        self._anchors = points[:, [3, 12]]
        cells = np.rint(self._cells(points, headings)).astype(np.int64)
        rows, columns = grid.shape
        inside = (cells >= 0).all(-1) & (cells[..., 0] < columns) & (cells[..., 1] < rows)
        place = np.where(inside, cells[..., 1] * columns + cells[..., 0], rows * columns)
        self._places = place.reshape(len(self._table), -1).astype(np.int32)
        seen = np.append(visible.ravel(), np.float32(0.0))[self._places]
        self._seen = seen.sum(axis=1)
        self._unused = len(beside_m) * COUNT - self._seen
        self._nudges = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 4, indexing="ij"), -1).reshape(
            -1, 4
        )

    def find(self, view: Floats, expected: Curve, pull: float) -> Found:
        """Search a view.

        Args:
            view: float32 of the grid's shape, 0 where there is nothing of what is looked for, and
                smooth over some 0.1 m.
            expected: where the curve should be.
            pull: what a curve loses for lying a metre away from there.
        """
        near = self._expected_anchors(expected)
        first = self._table[int(np.argmax(self._worth_of_table(view) - pull * self._away(near)))]
        start = self._better(view, first, np.array(expected), near, pull)
        best = self._refine(view, start, near, pull)
        worth, seen = self._worth(view, best[None])
        return Found(Curve(*best.tolist()), float(worth[0]), float(seen[0]))

    def _worth_of_table(self, view: Floats) -> Floats:
        values = np.append((view * self._visible).ravel(), np.float32(0.0))
        sums = values[self._places].sum(axis=1) + self._unseen * self._unused
        return self._mean(sums, self._seen)

    def _mean(self, sums: Floats, seen: Floats) -> Floats:
        if self._unseen:
            return sums / np.float32(len(self._beside_m) * COUNT)
        return sums / np.maximum(seen, np.float32(LEAST_SEEN * len(self._beside_m)))

    def _away(self, anchors: Floats) -> Floats:
        return np.abs(self._anchors - anchors).sum(axis=(1, 2)) / 2

    def _expected_anchors(self, expected: Curve) -> Floats:
        return trace(np.array([expected]))[0][:, [3, 12]]

    def _worth(self, view: Floats, curves: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Mean value along each curve, and how many steps of it are seen."""
        cells = self._cells(*trace(curves)).reshape(len(curves), -1, 2)
        visible = _sample(self._visible, cells)
        seen = visible.sum(axis=1)
        sums = (_sample(view, cells) * visible).sum(axis=1)
        sums += self._unseen * (visible.shape[1] - seen)
        return self._mean(sums, seen), seen

    def _better(
        self,
        view: Floats,
        first: NDArray[np.floating],
        second: NDArray[np.floating],
        near: Floats,
        pull: float,
    ) -> NDArray[np.floating]:
        both = np.stack([first, second])
        return both[int(np.argmax(self._judged(view, both, near, pull)))]

    def _judged(
        self, view: Floats, curves: NDArray[np.floating], near: Floats, pull: float
    ) -> Floats:
        worth, _ = self._worth(view, curves)
        away = np.abs(trace(curves)[0][:, [3, 12]] - near).sum(axis=(1, 2)) / 2
        return worth - np.float32(pull) * away

    def _refine(
        self, view: Floats, start: NDArray[np.floating], near: Floats, pull: float
    ) -> NDArray[np.floating]:
        best, steps = start, FIRST_STEPS
        for _ in range(LEVELS):
            tried = np.clip(best + self._nudges * steps, -LARGEST, LARGEST)
            best = tried[int(np.argmax(self._judged(view, tried, near, pull)))]
            steps = steps * 0.6
        return best

    def _cells(self, points: Floats, headings: Floats) -> Floats:
        """Cells to look at beside each point: (n, COUNT, beside, 2)."""
        left = np.stack([-np.sin(headings), np.cos(headings)], axis=-1)[:, :, None]
        beside = np.asarray(self._beside_m, np.float32)[None, None, :, None]
        return self._grid.cells(points[:, :, None] + left * beside)


def _sample(view: Floats, cells: Floats) -> Floats:
    return cv2.remap(view, cells, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
