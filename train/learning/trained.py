"""What a training run leaves, in one piece: files, card, epochs and what was held out."""

from dataclasses import dataclass
from pathlib import Path

from car.pilots.card import PilotCard
from train.learning.choice import Epoch
from train.learning.export import Exported
from train.learning.lessons import Curriculum


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training run.

    Attributes:
        pilot: the file.
        float_file: the float network beside it, NAME.keras.
        history_file: the history as JSON.
        card: as in the file.
        history: one entry an epoch.
        best_epoch: whose weights were kept.
        exported: with the int8 network's results on held-out records.
        curriculum: the lessons, with their split.
        interrupted: whether Ctrl-C or a failure ended it; the best epoch until then was kept.
        failure: what went wrong; empty when nothing did.
        tubs_changed: what changed in the tubs meanwhile, in sentences.
        duration_s: of everything.
    """

    pilot: Path
    float_file: Path
    history_file: Path
    card: PilotCard
    history: list[Epoch]
    best_epoch: int
    exported: Exported
    curriculum: Curriculum
    interrupted: bool
    failure: str
    tubs_changed: list[str]
    duration_s: float
