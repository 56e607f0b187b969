"""Class maps at the network's resolution: each cell is what most of it shows, thin things first."""

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import RoadClass
from train.learning.dataset import UNKNOWN, Lesson

ClassMap = NDArray[np.uint8]

RANK = (RoadClass.SKY, RoadClass.ROAD, RoadClass.GROUND, RoadClass.OBSTACLE, RoadClass.LINE)
"""Of two classes with half a cell each, the later one gets it."""

_TO_RANK = np.full(256, UNKNOWN, np.uint8)
_TO_RANK[list(RANK)] = np.arange(len(RANK))
_FROM_RANK = np.full(256, UNKNOWN, np.uint8)
_FROM_RANK[: len(RANK)] = RANK


def fine_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of the map that one of `shape` is voted from."""
    return 2 * shape[0], 2 * shape[1]


def fine_map_of(lesson: Lesson, row: int, shape: tuple[int, int]) -> ClassMap:
    """The recorded map of a record, twice as fine as `shape`; all unknown when it has none."""
    maps, fine = lesson.recording.class_maps, fine_shape(shape)
    if maps is None:
        return np.full(fine, UNKNOWN, np.uint8)
    if maps.shape[1:] == fine:
        return np.asarray(maps[row])
    return np.asarray(cv2.resize(maps[row], fine[::-1], interpolation=cv2.INTER_NEAREST))


def class_map_of(lesson: Lesson, row: int, shape: tuple[int, int]) -> ClassMap:
    """The class map of a record, uint8 of `shape`; all unknown when it has none."""
    return voted(fine_map_of(lesson, row, shape))


def voted(fine: ClassMap) -> ClassMap:
    """Halve maps (..., 2 * rows, 2 * columns): two of four pixels make a cell, thin things first.

    A line or an obstacle that fills half of a cell gets it: where only the middle of a cell counts,
    thin things come and go from cell to cell, and a network cannot learn which.
    """
    ranks = _TO_RANK[fine]
    four = np.stack([ranks[..., row::2, column::2] for row in (0, 1) for column in (0, 1)], axis=-1)
    four.sort(axis=-1)
    a, b, c, d = np.moveaxis(four, -1, 0)
    alone = np.where(a == b, a, d)
    return _FROM_RANK[np.where((c == d) | (b != c) & (a != b), d, np.where(b == c, b, alone))]
