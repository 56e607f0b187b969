"""How well guessed class maps agree with true ones: overlap by class, with and without its edges.

Half of a coarse map's errors lie along edges, where one camera pixel decides which class a cell
shows. So beside the plain overlap stand one that lets cells be a cell off, one of cells away from
all edges, and what the true map itself would score, moved by one camera pixel.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.frame import RoadClass
from train.metrics import mean_iou

Maps = NDArray[np.uint8]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

CLASSES = len(RoadClass)
UNKNOWN = 255
AT_ONCE = 500
"""Maps whose neighbourhoods are in memory at a time."""


class ClassFigures(msgspec.Struct, frozen=True):
    """How well one class is told from the others.

    Attributes:
        share: of the known cells that truly show it.
        iou: cells that are it and are said to be, of all that are either.
        precision: of what is said to be it, how much is; None when that is never said.
        recall: of what is it, how much is said to be.
        tolerant_iou: as iou, where a cell also counts as right when the other map has the class
            in one of the eight cells around.
        interior_iou: away from edges; None when it is never seen there.
    """

    share: float
    iou: float
    precision: float | None
    recall: float
    tolerant_iou: float
    interior_iou: float | None


class Overlap(msgspec.Struct, frozen=True):
    """Means over the classes that occur, each counting the same; 1 is perfect.

    Attributes:
        mean_iou: intersection over union, all cells.
        tolerant_mean_iou: one cell off is near enough.
        interior_mean_iou: only cells outside of the trimap (Kohli, Ladicky and Torr 2009): all
            of their neighbours truly show the same; None when there is no such cell.
    """

    mean_iou: float
    tolerant_mean_iou: float
    interior_mean_iou: float | None


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted in pairs of maps; tallies add up.

    Attributes:
        pixels: (classes, classes), cells by true class (rows) and guessed class (columns).
        interior: likewise, of cells whose neighbours all truly show the same.
        guessed_near: (classes,), guessed cells with the class in the truth at most a cell away.
        true_near: (classes,), true cells with the class in the guess at most a cell away.
    """

    pixels: Counts
    interior: Counts
    guessed_near: Counts
    true_near: Counts

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.pixels + other.pixels,
            self.interior + other.interior,
            self.guessed_near + other.guessed_near,
            self.true_near + other.true_near,
        )

    def overlap(self) -> Overlap | None:
        """The three means; None when no cell is known."""
        plain = mean_iou(self.pixels)
        if plain is None:
            return None
        tolerant = self._tolerant_iou()[self.pixels.sum(axis=1) > 0]
        return Overlap(plain, float(tolerant.mean()), mean_iou(self.interior))

    def by_class(self) -> dict[str, ClassFigures]:
        """Figures of the classes that occur, by their names in small letters."""
        true, guessed, hit = _margins(self.pixels)
        _, _, calm_hit = _margins(self.interior)
        calm_true, calm_guessed = self.interior.sum(axis=1), self.interior.sum(axis=0)
        tolerant = self._tolerant_iou()
        return {
            kind.name.lower(): ClassFigures(
                share=float(true[kind] / true.sum()),
                iou=float(hit[kind] / (true[kind] + guessed[kind] - hit[kind])),
                precision=_share(hit[kind], guessed[kind]),
                recall=float(hit[kind] / true[kind]),
                tolerant_iou=float(tolerant[kind]),
                interior_iou=_share(
                    calm_hit[kind], calm_true[kind] + calm_guessed[kind] - calm_hit[kind]
                )
                if calm_true[kind]
                else None,
            )
            for kind in RoadClass
            if true[kind]
        }

    def interior_share(self) -> float:
        """Of the known cells, how many lie away from edges."""
        return float(self.interior.sum() / max(self.pixels.sum(), 1))

    def _tolerant_iou(self) -> NDArray[np.float64]:
        """Overlap from relaxed precision p and recall r, which the plain one is of plain p and r.

        p and r are correctness and completeness within a buffer (Wiedemann et al. 1998; "relaxed"
        in Mnih and Hinton 2010); the overlap is p r / (p + r - p r).
        """
        true, guessed, _ = _margins(self.pixels)
        p = self.guessed_near / np.maximum(guessed, 1)
        r = self.true_near / np.maximum(true, 1)
        both = p * r
        return np.asarray(both / np.maximum(p + r - both, 1e-12))


def no_tally() -> Tally:
    """Nothing counted yet."""
    square, line = (np.zeros(shape, np.int64) for shape in ((CLASSES, CLASSES), CLASSES))
    return Tally(square, square, line, line)


def tally(truth: Maps, guess: Maps) -> Tally:
    """Count how maps agree; cells that are unknown, 255, in either are left out.

    Args:
        truth: uint8 (n, rows, columns) of RoadClass.
        guess: likewise.
    """
    parts = (slice(start, start + AT_ONCE) for start in range(0, len(truth), AT_ONCE))
    return sum((_tally(truth[part], guess[part]) for part in parts), no_tally())


def _tally(truth: Maps, guess: Maps) -> Tally:
    known = (truth != UNKNOWN) & (guess != UNKNOWN)
    is_true = [(truth == kind) & known for kind in RoadClass]
    is_guessed = [(guess == kind) & known for kind in RoadClass]
    near_true = [_spread(each) for each in is_true]
    alone = np.sum(near_true, axis=0, dtype=np.uint8) == 1
    interior = known & alone & ~_spread(~known)
    return Tally(
        _pairs(truth[known], guess[known]),
        _pairs(truth[interior], guess[interior]),
        _count(a & b for a, b in zip(is_guessed, near_true, strict=True)),
        _count(a & _spread(b) for a, b in zip(is_true, is_guessed, strict=True)),
    )


def _spread(flags: Flags) -> Flags:
    """Each cell and the eight around it, (n, rows, columns)."""
    tall = flags.copy()
    tall[:, 1:] |= flags[:, :-1]
    tall[:, :-1] |= flags[:, 1:]
    wide = tall.copy()
    wide[:, :, 1:] |= tall[:, :, :-1]
    wide[:, :, :-1] |= tall[:, :, 1:]
    return wide


def _pairs(truth: Maps, guess: Maps) -> Counts:
    places = truth.astype(np.int64) * CLASSES + guess
    return np.bincount(places, minlength=CLASSES**2).reshape(CLASSES, CLASSES)


def _count(flags: Iterable[Flags]) -> Counts:
    return np.array([int(each.sum()) for each in flags], np.int64)


def _margins(pixels: Counts) -> tuple[Counts, Counts, Counts]:
    """Cells of each class that are true, guessed, and both."""
    return pixels.sum(axis=1), pixels.sum(axis=0), np.diag(pixels)


def _share(part: np.integer, whole: np.integer) -> float | None:
    return float(part / whole) if whole else None
