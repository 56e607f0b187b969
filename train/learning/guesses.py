"""What a pilot says on recorded frames, as arrays; what it is asked with is a frame at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from car.frame import Frame
from car.pilots.pilot import Pilot
from train.learning.class_maps import class_map_of
from train.learning.dataset import Lesson
from train.learning.network import CLASSES
from train.metrics import confusion

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Guesses:
    """What a pilot says on n records.

    Attributes:
        steering: (n,), in [-1, +1].
        throttle: (n,).
        steering_std: (n,), nan where the pilot gives none.
        confusion: (5, 5) pixels by true and guessed class; zeros where there are no labels.
        bin_entropy: cross-entropy of the steering bins; None when the bins cannot be seen.
    """

    steering: Floats
    throttle: Floats
    steering_std: Floats
    confusion: NDArray[np.int64]
    bin_entropy: float | None = None


def ask(pilot: Pilot, lesson: Lesson, rows: Rows) -> Guesses:
    """Let a pilot decide on each of the records, as it would in the car.

    Raises:
        PilotError: it cannot.
    """
    says = np.full((3, len(rows)), np.nan, np.float32)
    pixels = np.zeros((CLASSES, CLASSES), np.int64)
    labelled = lesson.recording.class_maps is not None
    for place, row in enumerate(rows):
        image = np.ascontiguousarray(lesson.recording.images[row])
        decision = pilot.decide(Frame(image, 0.0, int(row)))
        says[:, place] = (*decision.command, decision.steering_std)
        if labelled and decision.class_map is not None:
            truth = class_map_of(lesson, int(row), decision.class_map.shape)
            pixels += confusion(truth, decision.class_map, CLASSES)
    return Guesses(says[0], says[1], says[2], pixels)
