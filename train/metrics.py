"""How wrong a list of predictions is, in the measures that driving pilots are compared by."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

SIGN_DEAD_BAND = 0.05
"""Steering closer to straight than this has no sign worth judging."""

LEAST_VARIANCE = 1e-9
"""Below this a series counts as one value."""

BALANCE_EDGES = np.linspace(-1.0, 1.0, 11)
"""Bins of true steering that count the same in the balanced error."""


def mae(truth: Floats, guess: Floats) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(truth - guess)))


def balanced_mae(truth: Floats, guess: Floats) -> float:
    """Mean absolute error with every bin of true steering counting the same."""
    bins = np.clip(np.digitize(truth, BALANCE_EDGES) - 1, 0, len(BALANCE_EDGES) - 2)
    errors = np.abs(truth - guess)
    return float(np.mean([errors[bins == b].mean() for b in np.unique(bins)]))


def rmse(truth: Floats, guess: Floats) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((truth - guess) ** 2)))


def r2(truth: Floats, guess: Floats) -> float:
    """Share of the variance that is explained; 0 when the truth does not vary."""
    return r2_where_it_varies(truth, guess) or 0.0


def r2_where_it_varies(truth: Floats, guess: Floats) -> float | None:
    """Share of the variance that is explained; None when the truth does not vary."""
    variance = float(np.var(truth))
    if variance < LEAST_VARIANCE:
        return None
    return 1.0 - float(np.mean((truth - guess) ** 2)) / variance


def sign_accuracy(truth: Floats, guess: Floats) -> float:
    """Share of right sides among the records that steer at all; 0 when none does."""
    return sign_accuracy_of_turns(truth, guess) or 0.0


def sign_accuracy_of_turns(truth: Floats, guess: Floats) -> float | None:
    """Share of right sides among the records that steer at all; None when none does."""
    turning = np.abs(truth) > SIGN_DEAD_BAND
    if not turning.any():
        return None
    return float(np.mean(np.sign(truth[turning]) == np.sign(guess[turning])))


def checkpoint_score(
    steering_mae: float, throttle_mae: float, class_map_miou: float | None
) -> float:
    """What the weights to keep are chosen by, smaller is better: all three errors, steering first.

    `python -m train.study` measures how well this and other scores predict driving.
    """
    classes = 0.0 if class_map_miou is None else 0.05 * (1.0 - class_map_miou)
    return steering_mae + 0.3 * throttle_mae + classes


def confusion(
    truth: NDArray[np.uint8], guess: NDArray[np.uint8], classes: int
) -> NDArray[np.int64]:
    """Pixels by true class (rows) and guessed class (columns); true 255 is left out."""
    known = truth != 255
    pairs = truth[known].astype(np.int64) * classes + guess[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def mean_iou(pixels: NDArray[np.int64]) -> float | None:
    """Mean intersection over union of the classes that occur; None when no pixel is known."""
    hit = np.diag(pixels).astype(float)
    union = pixels.sum(0) + pixels.sum(1) - np.diag(pixels)
    present = pixels.sum(1) > 0
    if not present.any():
        return None
    return float(np.mean(hit[present] / union[present]))
