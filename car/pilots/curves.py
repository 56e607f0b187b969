"""Curves on the ground ahead of the car, and the search for the one that lies best on a view.

A curve is a clothoid: it begins beside the rear axle's middle line and its curvature changes
evenly. The search tries a fixed table of them at once, then refines the best by ever finer steps.
Gaps in what is looked for cost a curve only their own part of it, and a single wrong spot little.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from car.pilots.road_view import GroundGrid, sampled

Floats = NDArray[np.float32]

START_M = 0.35
LENGTH_M = 1.44
STEP_M = 0.06
COUNT = round(LENGTH_M / STEP_M)
ALONG_M = (np.arange(COUNT) * STEP_M).astype(np.float32)
STRIDE = 2
"""Of the steps, every so many are looked at in the first, coarse search."""
ANCHORS = [3, 12]
"""Steps at which curves are compared with each other."""
ANCHOR_SHARES = np.array([0.8, 0.2], np.float32)
NEAR_ENOUGH_M, NEAR_SHARE = 0.12, 0.1
OFFSETS_M = np.linspace(-0.6, 0.6, 13)
HEADINGS_RAD = np.radians(np.linspace(-60.0, 60.0, 11))
CURVATURES = np.linspace(-1.75, 1.75, 8)
FIRST_STEPS = np.array([0.04, 0.09, 0.2, 0.25], np.float32)
LARGEST = np.array([0.8, 1.3, 2.2, 1.8], np.float32)
LEVELS, FINER = 5, 0.6
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
    curves = np.asarray(curves, np.float32)
    offset, heading, bend, change = (curves[:, k, None] for k in range(4))
    headings = heading + bend * ALONG_M + change * (ALONG_M * ALONG_M / 2)
    before = headings - (bend + change * ALONG_M) * np.float32(STEP_M / 2)
    points = np.empty((*headings.shape, 2), np.float32)
    points[:, 0, 0], points[:, 0, 1] = START_M, offset[:, 0]
    for axis, turn in enumerate((np.cos, np.sin)):
        points[:, 1:, axis] = np.cumsum(turn(before[:, 1:]), axis=1) * np.float32(STEP_M)
        points[:, 1:, axis] += points[:, :1, axis]
    return points, np.asarray(headings, np.float32)


class CurveSearch:
    """Finds the curve whose neighbourhood a view from above is brightest along.

    Args:
        grid: of the views.
        visible: float32 of the grid's shape, 1 where the picture shows the ground.
        beside_m: how far to the left of the curve to look; several are looked at together.
        unseen: what a step is worth, in comparing curves, that the picture does not show.
    """

    def __init__(
        self, grid: GroundGrid, visible: Floats, beside_m: tuple[float, ...], unseen: float
    ) -> None:
        self._grid, self._visible, self._beside_m = grid, visible, beside_m
        self._unseen = np.float32(unseen)
        self._table = _every(OFFSETS_M, HEADINGS_RAD, CURVATURES, np.zeros(1))
        all_ways = _every(*[np.array([-1.0, 0.0, 1.0], np.float32)] * 4)
        self._nudges = all_ways[np.abs(all_ways).sum(axis=1) <= 2][None]
        points, headings = trace(self._table)
        self._anchors = points[:, ANCHORS]
        cells = np.rint(self._cells(points, headings))[:, ::STRIDE].astype(np.int64)
        rows, columns = grid.shape
        inside = (cells >= 0).all(-1) & (cells[..., 0] < columns) & (cells[..., 1] < rows)
        place = np.where(inside, cells[..., 1] * columns + cells[..., 0], rows * columns)
        self._places = np.ascontiguousarray(place.reshape(len(self._table), -1).T)
        shares = self._shares(self._table)[:, ::STRIDE].reshape(len(self._table), -1)
        seen = np.append(visible.ravel(), np.float32(0.0))[self._places.T]
        shares = np.where(seen > 0, shares, np.float32(1.0))
        self._table_shares = np.ascontiguousarray(shares.T / shares.shape[1])

    def find(self, view: Floats, expected: Curve, pull: float) -> Found:
        """Search a view.

        Args:
            view: float32 of the grid's shape, 0 where there is nothing of what is looked for, and
                smooth over some 0.1 m.
            expected: where the curve should be.
            pull: what a curve loses for lying a metre away from there.
        """
        near = trace(np.array([expected]))[0][:, ANCHORS]
        shown = np.where(self._visible > 0, view, self._unseen)
        values = np.append(shown.ravel(), self._unseen)
        worth = np.einsum("ij,ij->j", np.take(values, self._places), self._table_shares)
        away = _away(self._anchors, near)
        first = self._table[int(np.argmax(worth - pull * away))]
        best = self._refine(shown, np.stack([first, expected]).astype(np.float32), near, pull)
        cells = self._cells(*trace(best[None])).reshape(1, -1, 2)
        visible = sampled(self._visible, cells, cv2.BORDER_CONSTANT, 0.0) * self._shares(
            best[None]
        ).reshape(1, -1)
        seen = float(visible.sum()) / len(self._beside_m)
        bright = float((sampled(view, cells, cv2.BORDER_CONSTANT, 0.0) * visible).sum()) / len(
            self._beside_m
        )
        return Found(Curve(*best.tolist()), bright / max(seen, LEAST_SEEN), seen)

    def _refine(
        self, shown: Floats, best: NDArray[np.floating], near: Floats, pull: float
    ) -> NDArray[np.floating]:
        """Take the best of the curves given and of their neighbours, in ever smaller steps."""
        steps = FIRST_STEPS
        for _ in range(LEVELS):
            around = (best.reshape(-1, 1, 4) + self._nudges * steps).reshape(-1, 4)
            tried = np.minimum(np.maximum(around, -LARGEST), LARGEST)
            points, headings = trace(tried)
            cells = self._cells(points, headings).reshape(len(tried), -1, 2)
            bright = sampled(shown, cells, cv2.BORDER_CONSTANT, float(self._unseen))
            shares = self._shares(tried).reshape(bright.shape)
            worth = np.where(bright > self._unseen, bright * shares, bright).mean(axis=1)
            away = _away(points[:, ANCHORS], near)
            best = tried[int(np.argmax(worth - np.float32(pull) * away))]
            steps = steps * FINER
        return best

    def _shares(self, curves: NDArray[np.floating]) -> Floats:
        """Length of what lies beside each step, in steps: (n, COUNT, beside); less inside a bend.

        What counts is how much of a line a curve explains: without this, a tight bend could have
        all of its inside on one bright spot.
        """
        curves = np.asarray(curves, np.float32)
        bend = curves[:, 2, None] + curves[:, 3, None] * ALONG_M
        beside = np.asarray(self._beside_m, np.float32)
        return np.clip(1.0 - bend[..., None] * beside, np.float32(0.1), np.float32(1.0))

    def _cells(self, points: Floats, headings: Floats) -> Floats:
        """Cells to look at beside each point: float32 (n, COUNT, beside, 2)."""
        cells = self._grid.cells(points)[:, :, None]
        if self._beside_m == (0.0,):
            return cells
        beside = np.asarray(self._beside_m, np.float32) / np.float32(self._grid.cell_m)
        left = np.stack([np.cos(headings), np.sin(headings)], axis=-1)[:, :, None]
        return cells - left * beside[:, None]


def _away(anchors: Floats, near: Floats) -> Floats:
    """How far curves lie from another, in metres; what is near enough counts little."""
    metres = np.abs(anchors - near).sum(axis=2) @ ANCHOR_SHARES
    beyond = np.maximum(metres - np.float32(NEAR_ENOUGH_M), np.float32(0.0))
    return beyond + np.float32(NEAR_SHARE) * metres


def _every(*choices: NDArray[np.floating]) -> NDArray[np.floating]:
    """Every combination, a row each."""
    return np.stack([each.ravel() for each in np.meshgrid(*choices, indexing="ij")], axis=1)
