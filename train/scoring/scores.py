"""What a pilot is measured by on one tub: the figures of `everlap score`, as they stand in JSON."""

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from train.metrics import (
    balanced_mae,
    mae,
    r2_where_it_varies,
    rmse,
    sign_accuracy_of_turns,
)
from train.scoring.bootstrap import Bounds, Rows, bounds
from train.scoring.certainty import Certainty
from train.scoring.seen_maps import ClassMapScore
from train.scoring.sharp_turns import SharpTurns, sharp_turns

Floats = NDArray[np.floating]


class SteeringScore(msgspec.Struct, frozen=True):
    """How far a series of steering guesses is from what the driver did.

    Attributes:
        mae: mean absolute error.
        balanced_mae: every bin of true steering counting the same.
        rmse: root of the mean squared error.
        r2: share of variance explained; None when the driver steered one value only.
        sign_accuracy: share of right sides; None when the driver never steered.
        sharp_precision: of turns beyond half of full lock; None when none was asked for.
        sharp_recall: likewise; None when none was driven.
        sharp_f1: of both.
        mae_bounds: 95 %, by stretches of the drive; None when there are too few.
    """

    mae: float
    balanced_mae: float
    rmse: float
    r2: float | None
    sign_accuracy: float | None
    sharp_precision: float | None = None
    sharp_recall: float | None = None
    sharp_f1: float | None = None
    mae_bounds: Bounds | None = None


class BaselineScore(SteeringScore, frozen=True):
    """A baseline on the same records, and the pilot against it.

    Attributes:
        pilot_is_better_by: 1 - the pilot's MAE / the baseline's, paired by stretches; 0.25 is a
            quarter less error. None when there are too few stretches.
        sees_the_past: whether it is told the driver's last command, which no pilot is.
    """

    pilot_is_better_by: Bounds | None = None
    sees_the_past: bool = False


class SplitUsed(msgspec.Struct, frozen=True):
    """Which records were measured: sessions or blocks, how many, and how many train baselines."""

    kind: str
    train_records: int
    held_out_records: int
    fraction: float
    block_s: float
    gap_s: float
    seed: int


class ThrottleScore(msgspec.Struct, frozen=True):
    """Throttle: how wrong, and how much of its variance is explained (None: it never varies)."""

    mae: float
    r2: float | None


class FloatScore(msgspec.Struct, frozen=True):
    """The float network beside the int8 one.

    Attributes:
        source: the file it was measured with, or "card": as its training measured it, on the
            held-out records of all its tubs.
        steering_mae: mean absolute error.
        steering_mae_int8: of the int8 network on the same records.
        throttle_mae: mean absolute error.
        bin_entropy: cross-entropy of the steering bins; None when only the card is known.
    """

    source: str
    steering_mae: float
    steering_mae_int8: float
    throttle_mae: float
    bin_entropy: float | None = None


class LeakyScore(msgspec.Struct, frozen=True):
    """What a random split of video frames would have claimed, of baselines on the same tub.

    Attributes:
        mae: on frames chosen at random, whose neighbours were learned from.
        honest_mae: on the held-out blocks or sessions.
    """

    mae: float
    honest_mae: float


class TubScore(msgspec.Struct, frozen=True):
    """A pilot and the baselines on the held-out records of one tub.

    `mae` to `sign_accuracy` are of the pilot's steering, `throttle_mae` and `throttle_r2` of its
    throttle; `steering` and `throttle` hold the same and more.

    Attributes:
        tub: name of its folder.
        records: all that can be learned from.
        pilot_trained_on_it: whether it is one of those on the pilot's card; what is measured was
            then kept from the pilot.
        split: what is measured.
        turns: sharp turns of the pilot.
        certainty: whether its uncertainty can be trusted; None when it gives none.
        class_map_miou: of the class map; None without labels.
        class_map: the same and more, class by class, and where the ground ends.
        float_network: beside int8; None when neither NAME.keras nor the card knows it.
        baselines: median, repeat, ridge, forest, knn1, knn5.
        random_split: knn1 and forest, as a random split would have shown them: a warning.
        remarks: what cannot be said about this tub, in words.
    """

    tub: str
    records: int
    pilot_trained_on_it: bool
    split: SplitUsed
    mae: float
    balanced_mae: float
    rmse: float
    r2: float | None
    sign_accuracy: float | None
    throttle_mae: float
    throttle_r2: float | None
    steering: SteeringScore
    throttle: ThrottleScore
    turns: SharpTurns
    certainty: Certainty | None
    class_map_miou: float | None
    class_map: ClassMapScore | None
    float_network: FloatScore | None
    baselines: dict[str, BaselineScore]
    random_split: dict[str, LeakyScore]
    remarks: list[str]


def score_steering(
    truth: Floats, guess: Floats, stretches: list[Rows] | None = None
) -> SteeringScore:
    """All measures of steering at once; with the bounds of the first when stretches are given."""
    turns = sharp_turns(truth, guess)
    wrong = np.abs(truth - guess)
    return SteeringScore(
        mae(truth, guess),
        balanced_mae(truth, guess),
        rmse(truth, guess),
        r2_where_it_varies(truth, guess),
        sign_accuracy_of_turns(truth, guess),
        turns.precision,
        turns.recall,
        turns.f1,
        bounds(lambda rows: float(wrong[rows].mean()), stretches or []),
    )


def score_baseline(
    truth: Floats, guess: Floats, pilot: Floats, stretches: list[Rows], sees_the_past: bool
) -> BaselineScore:
    """A baseline, and how much better the pilot is on the very same stretches."""
    own, pilots = np.abs(truth - guess), np.abs(truth - pilot)

    def gain(rows: Rows) -> float:
        error = float(own[rows].mean())
        return 1.0 - float(pilots[rows].mean()) / error if error else 0.0

    return BaselineScore(
        **msgspec.structs.asdict(score_steering(truth, guess, stretches)),
        pilot_is_better_by=bounds(gain, stretches),
        sees_the_past=sees_the_past,
    )


def twin_of(pilot_file: Path) -> Path:
    """Where the float network beside a pilot file is, if it was kept."""
    return pilot_file.with_suffix(".keras")
