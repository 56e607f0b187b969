"""Keeps a network as it was along the way, evenly spaced, each as a pilot that can drive."""

import math
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.pilots.card import PilotCard, append_card
from train.learning.dataset import Lesson
from train.learning.export import check_input, quantize
from train.learning.fit import Fitted
from train.learning.float_twin import keep_float
from tubs.atomic import written_whole
from tubs.errors import OutputError


@dataclass(frozen=True, slots=True)
class Kept:
    """Weights at one moment: at which share of the training, and in which epoch."""

    share: float
    epoch: int
    weights: list[NDArray[np.float32]]


class Checkpoints:
    """Takes weights while the network learns; writes them as pilots when it has learned.

    Args:
        folder: to write into; must be new or empty.
        count: how many, at the shares 1/count, 2/count, ... of the training.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self._count = count
        self._kept: list[Kept] = []

    def check_folder(self) -> None:
        """Make sure, before the training, that there is a place for them.

        Raises:
            OutputError: the folder holds something, or cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if any(self.folder.iterdir()):
                raise OutputError(f"{self.folder} is not empty: name a new folder for checkpoints")
        except OSError as error:
            raise OutputError(f"cannot make the folder {self.folder}: {error.strerror}") from error

    def watch(self, fitted: Fitted, share: float) -> None:
        """Take the weights when one more is due."""
        due = math.floor(share * self._count + 1e-9)
        if due > len(self._kept):
            epoch = len(fitted.history) + 1
            self._kept.append(Kept(share, epoch, fitted.network.get_weights()))

    def write(self, fitted: Fitted, lessons: list[Lesson], card: PilotCard) -> list[Path]:
        """Write each as NAME.tflite, with its float network beside; the network stays as it is.

        Raises:
            TrainError: the converter failed.
            OutputError: a file cannot be written.
        """
        best = fitted.network.get_weights()
        paths = []
        try:
            for number, kept in enumerate(self._kept, start=1):
                fitted.network.set_weights(kept.weights)
                path = self.folder / f"checkpoint-{number:03d}.tflite"
                recipe = {**card.recipe, "trained_share": round(kept.share, 4)}
                _write(fitted, lessons, msgspec.structs.replace(card, recipe=recipe), path)
                keep_float(fitted, path.with_suffix(".keras"))
                paths.append(path)
        finally:
            fitted.network.set_weights(best)
        return paths


def _write(fitted: Fitted, lessons: list[Lesson], card: PilotCard, path: Path) -> None:
    """One pilot, not measured: bad ones are wanted too, to see what a score can tell apart."""
    with written_whole(path) as draft:
        quantize(fitted, lessons, draft)
        check_input(draft)
        append_card(draft, msgspec.structs.replace(card, scores_float=None, scores_int8=None))
