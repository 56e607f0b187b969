"""Where the ground ends in a class map, and how far a guess of that is off: the horizon and walls.

Outdoors the ground ends at the horizon, indoors at the foot of a wall. A class map cannot tell
which of the two it shows, so columns are compared wherever the edge is seen; only where the true
edge lies on the horizon of the known lens is it called the horizon.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.config import Lens
from car.frame import RoadClass
from car.rays import pixel_rays

Maps = NDArray[np.uint8]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ASKED = 0.02
"""Of the image height: an edge is where it should be when it is at most so far off."""

FEWEST_COLUMNS, FEWEST_SHARE = 4, 0.5
"""Columns, and share of all, that must show the edge before a line is laid through them."""

STRAIGHT_CELLS = 0.75
"""At most so far from its line lie nine tenths of a straight edge; half a cell is rounding."""

CLOSE_CELLS = 1.5
"""What lies farther from a line at first sight is not asked where exactly it runs."""

ON_HORIZON = 0.03
"""Of the image height: a car that brakes or accelerates moves its horizon by so much."""


class Distances(msgspec.Struct, frozen=True):
    """How far off something is, in shares of the image height.

    Attributes:
        count: of what was compared.
        mean: of the absolute distance.
        median: likewise.
        p95: 95 % are closer.
        within_asked: share that is at most 0.02 off.
    """

    count: int
    mean: float
    median: float
    p95: float
    within_asked: float


class EdgeScore(msgspec.Struct, frozen=True):
    """How well the end of the ground is found.

    Attributes:
        columns: column by column, true place against guessed place.
        bias: mean of guessed minus true place; positive is too low in the image.
        lines: image by image, a line through all columns; where the true edge is straight: at the
            horizon, or along one wall. Finer than a cell.
        horizon: those of the lines that truly lie at most 0.03 from where the lens has its
            horizon, which far walls do too; None when there are none, or the lens is unknown.
        lens: how far those true lines are from the horizon of the lens: how still the car held
            its camera, and how well its lens is known. None likewise.
    """

    columns: Distances
    bias: float
    lines: Distances | None
    horizon: Distances | None
    lens: Distances | None


@dataclass(frozen=True, slots=True)
class Edges:
    """Where the ground ends in n maps, column by column.

    Attributes:
        place: (n, columns), from the upper edge of the image, in shares of its height.
        seen: bool (n, columns), whether sky or wall meets ground there, to the cell.
    """

    place: Floats
    seen: Flags


def edges(maps: Maps) -> Edges:
    """Find the edge that splits each column best: no ground above it, no sky or wall below it.

    A single wrong cell moves it not at all. Where a thing stands over the edge any place on the
    thing would do: then it is its middle, and the edge counts as not seen.

    Args:
        maps: uint8 (n, rows, columns) of RoadClass, 255 is unknown.
    """
    sky = maps == RoadClass.SKY
    ground = maps <= RoadClass.GROUND
    none = np.zeros((len(maps), 1, maps.shape[2]), np.intp)
    above = np.concatenate([none, np.cumsum(ground, axis=1)], axis=1)
    below = np.concatenate([none, np.cumsum(sky[:, ::-1], axis=1)], axis=1)[:, ::-1]
    wrong = above + below
    rows = maps.shape[1]
    first = wrong.argmin(axis=1)
    last = rows - wrong[:, ::-1].argmin(axis=1)
    both = sky.any(axis=1) & ground.any(axis=1)
    return Edges((first + last) / 2 / rows, both & (last - first <= 1))


@dataclass(frozen=True, slots=True)
class EdgeErrors:
    """How far off edges are, one by one, in shares of the image height; they add up.

    Attributes:
        columns: of each column that truly shows the edge; positive is too low in the image.
        lines: of each image whose true edge is straight.
        from_lens: (images,) of the true ones of these from the horizon of the lens; nan where
            that is unknown or not in view.
    """

    columns: Floats
    lines: Floats
    from_lens: Floats

    def __add__(self, other: "EdgeErrors") -> "EdgeErrors":
        return EdgeErrors(
            np.concatenate([self.columns, other.columns]),
            np.concatenate([self.lines, other.lines]),
            np.concatenate([self.from_lens, other.from_lens]),
        )

    def score(self) -> EdgeScore | None:
        """Figures of them all; None when no column shows the edge."""
        columns = _distances(np.abs(self.columns))
        if columns is None:
            return None
        outdoors = self.from_lens <= ON_HORIZON
        return EdgeScore(
            columns,
            float(self.columns.mean()),
            _distances(self.lines),
            _distances(self.lines[outdoors]),
            _distances(self.from_lens[outdoors]),
        )


def edge_errors(truth: Maps, guess: Maps, lens: Lens | None) -> EdgeErrors:
    """Compare where the ground ends in true and guessed maps.

    Args:
        truth: uint8 (n, rows, columns) of RoadClass, 255 is unknown.
        guess: likewise.
        lens: of the camera; None when nobody knows.
    """
    true, guessed = edges(truth), edges(guess)
    off = (guessed.place - true.place)[true.seen]
    rows, columns = truth.shape[1:]
    level = np.full(columns, np.nan) if lens is None else lens_horizon(lens, (rows, columns))
    true_lines, guessed_lines = _all_lines(true, guessed, rows, level)
    return EdgeErrors(off, _apart(true_lines, guessed_lines), _apart(true_lines, level))


def lens_horizon(lens: Lens, shape: tuple[int, int]) -> Floats:
    """Where a standing car's horizon is, float64 (columns,), in shares of the image height.

    Args:
        lens: of the camera.
        shape: rows and columns of the class map, whose cells are square.

    Returns:
        nan in columns that the horizon does not cross.
    """
    up = pixel_rays(lens, *shape)[..., 2]
    middles = (np.arange(shape[0]) + 0.5) / shape[0]
    return np.array([np.interp(0.0, -each, middles, np.nan, np.nan) for each in up.T])


def _all_lines(true: Edges, guessed: Edges, rows: int, level: Floats) -> tuple[Floats, Floats]:
    """True and guessed lines of the images whose true edge is straight, (images, columns) each.

    They are bent as the lens bends the horizon, where it is known to be in view.
    """
    columns = true.place.shape[1]
    bend = np.zeros(columns) if np.isnan(level).any() else level
    cell = 1.0 / rows
    pairs = []
    for place, guess, seen in zip(true.place - bend, guessed.place - bend, true.seen, strict=True):
        if seen.sum() < max(FEWEST_COLUMNS, FEWEST_SHARE * columns):
            continue
        line = _line(place, seen, cell)
        if np.quantile(np.abs(place - line)[seen], 0.9) <= STRAIGHT_CELLS * cell:
            pairs.append((line + bend, _line(guess, seen, cell) + bend))
    found = np.array(pairs).reshape(-1, 2, columns)
    return found[:, 0], found[:, 1]


def _line(place: Floats, seen: Flags, cell: float) -> Floats:
    """A line through the columns that show the edge, by Theil and Sen, then by least squares.

    The first is not led astray by a third of wrong columns, the second is finer than a cell.
    """
    across = np.arange(len(place)) - (len(place) - 1) / 2
    x, y = across[seen], place[seen]
    first, second = np.triu_indices(len(x), 1)
    slope = np.median((y[second] - y[first]) / (x[second] - x[first]))
    start = np.median(y - slope * x)
    close = np.abs(y - slope * x - start) <= CLOSE_CELLS * cell
    if close.sum() > 2:
        slope, start = np.polyfit(x[close], y[close], 1)
    return np.asarray(slope * across + start)


def _apart(first: Floats, second: Floats) -> Floats:
    """Mean distance of lines over the whole width of the image, (images,)."""
    return np.asarray(np.abs(first - second).mean(axis=-1))


def _distances(off: Floats) -> Distances | None:
    if not len(off):
        return None
    median, p95 = np.quantile(off, [0.5, 0.95])
    within = float(np.mean(off <= ASKED))
    return Distances(len(off), float(off.mean()), float(median), float(p95), within)
