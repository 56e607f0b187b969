"""What a pilot sees on held-out records beside what is true: all figures of its class maps."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
import numpy as np

from car.frame import Frame, Image
from car.pilots.pilot import Decision, Pilot
from train.learning.class_maps import class_map_of, fine_shape, voted
from train.learning.dataset import Lesson
from train.metrics import mean_iou
from train.scoring.bootstrap import Bounds, Rows, bounds, pieces
from train.scoring.class_map import UNKNOWN, ClassFigures, Maps, Overlap, Tally, no_tally, tally
from train.scoring.ground_edge import EdgeErrors, EdgeScore, edge_errors
from tubs.errors import TubError
from tubs.training.examine import reduce_class_map
from tubs.training.pictures import Pictures

MOVED = 300
"""Records, evenly chosen, whose exact maps are moved by a pixel."""


class ClassMapScore(msgspec.Struct, frozen=True):
    """How well a pilot's class maps agree with exact labels.

    Attributes:
        records: compared.
        rows: of a map.
        columns: of a map.
        mean_iou: intersection over union, over the classes that occur.
        mean_iou_bounds: 95 %, by stretches of the drive; None when there are too few.
        tolerant_mean_iou: likewise; a cell counts as right when the class is at most a cell away.
        interior_mean_iou: of cells away from all edges; None when there are none.
        interior_share: how many cells those are.
        classes: the same class by class, of those that occur.
        one_pixel_off: what the true map would score, moved by one camera pixel; mean of four
            directions. None when the tub holds no map at the camera's resolution.
        ground_edge: where the ground ends; None when that is never seen.
    """

    records: int
    rows: int
    columns: int
    mean_iou: float
    mean_iou_bounds: Bounds | None
    tolerant_mean_iou: float
    interior_mean_iou: float | None
    interior_share: float
    classes: dict[str, ClassFigures]
    one_pixel_off: Overlap | None
    ground_edge: EdgeScore | None


class Watched:
    """A pilot whose class maps are remembered.

    Attributes:
        maps: uint8 (rows, columns), one a decision; None where it gave none.
    """

    def __init__(self, pilot: Pilot) -> None:
        self._pilot = pilot
        self.maps: list[Image | None] = []

    def decide(self, frame: Frame) -> Decision:
        """What the pilot decides.

        Raises:
            PilotError: as the pilot does.
        """
        decision = self._pilot.decide(frame)
        self.maps.append(None if decision.class_map is None else decision.class_map.copy())
        return decision


@dataclass(frozen=True, slots=True)
class SeenMaps:
    """Counts of the maps of some records; those of several tubs add up.

    Attributes:
        records: compared.
        shape: rows and columns of a map.
        stretches: one a stretch of the drive.
        moved: of exact maps moved by a pixel.
        errors: where the ground ends.
    """

    records: int
    shape: tuple[int, int]
    stretches: list[Tally]
    moved: Tally
    errors: EdgeErrors

    def __add__(self, other: "SeenMaps") -> "SeenMaps":
        return SeenMaps(
            self.records + other.records,
            self.shape,
            self.stretches + other.stretches,
            self.moved + other.moved,
            self.errors + other.errors,
        )

    def score(self) -> ClassMapScore | None:
        """All figures; None when no cell is known."""
        total = sum(self.stretches, no_tally())
        overlap = total.overlap()
        if overlap is None:
            return None
        return ClassMapScore(
            records=self.records,
            rows=self.shape[0],
            columns=self.shape[1],
            mean_iou=overlap.mean_iou,
            mean_iou_bounds=_bounds(self.stretches),
            tolerant_mean_iou=overlap.tolerant_mean_iou,
            interior_mean_iou=overlap.interior_mean_iou,
            interior_share=total.interior_share(),
            classes=total.by_class(),
            one_pixel_off=self.moved.overlap(),
            ground_edge=self.errors.score(),
        )


def compare_maps(lesson: Lesson, rows: Rows, maps: list[Image | None]) -> SeenMaps | None:
    """Compare a pilot's maps with the labels of a tub; None when either has none.

    Args:
        lesson: the tub.
        rows: its records.
        maps: what the pilot saw on each.
    """
    given = np.flatnonzero([each is not None for each in maps])
    if lesson.recording.class_maps is None or not len(given):
        return None
    guess = np.stack([each for each in maps if each is not None])
    rows, shape = rows[given], (guess.shape[1], guess.shape[2])
    truth = np.stack([class_map_of(lesson, int(row), shape) for row in rows])
    labelled = (truth != UNKNOWN).any(axis=(1, 2))
    if not labelled.any():
        return None
    rows, truth, guess = rows[labelled], truth[labelled], guess[labelled]
    cut = pieces(rows, np.asarray(lesson.recording.session)[rows])
    return SeenMaps(
        len(rows),
        shape,
        [tally(truth[piece], guess[piece]) for piece in cut],
        moved_by_a_pixel(lesson, rows, shape),
        edge_errors(truth, guess, lesson.lens),
    )


def moved_by_a_pixel(lesson: Lesson, rows: Rows, shape: tuple[int, int]) -> Tally:
    """What true maps score that are moved up, down, left and right by one camera pixel.

    Nothing is counted when the tub holds no maps at the camera's resolution, or cannot be read
    any more.
    """
    maps = lesson.recording.class_maps
    if not isinstance(maps, Pictures) or maps.exact is None:
        return no_tally()
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), MOVED)).round().astype(np.intp)]
    try:
        pairs = [_beside_moved(maps.exact[int(row)], shape) for row in chosen]
    except TubError:
        return no_tally()
    return sum((tally(truth, moved) for truth, moved in pairs), no_tally())


def _beside_moved(whole: Image, shape: tuple[int, int]) -> tuple[Maps, Maps]:
    """The true map four times, and its four moved copies, (4, rows, columns) each."""
    rows, columns = whole.shape
    wide = np.pad(whole, 1, mode="edge")
    corners = ((0, 1), (2, 1), (1, 0), (1, 2))
    moved = [wide[top : top + rows, left : left + columns] for top, left in corners]
    truth, *others = (voted(reduce_class_map(each, fine_shape(shape))) for each in (whole, *moved))
    return np.stack([truth] * 4), np.stack(others)


def together(seen: Iterable[SeenMaps | None]) -> SeenMaps | None:
    """Those of several tubs, whose maps are all of one size; None when no tub has any."""
    total: SeenMaps | None = None
    for each in seen:
        if each is not None:
            total = each if total is None else total + each
    return total


def _bounds(stretches: list[Tally]) -> Bounds | None:
    """Of the mean IoU, by drawing stretches; a drawing without any label counts as nothing."""
    pixels = np.array([each.pixels for each in stretches])
    places = [np.array([place], np.intp) for place in range(len(stretches))]
    return bounds(lambda chosen: mean_iou(pixels[chosen].sum(axis=0)) or 0.0, places)
