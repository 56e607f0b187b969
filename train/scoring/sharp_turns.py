"""Whether a pilot turns sharply where the driver did, and only there: precision, recall, F1."""

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

SHARP = 0.5
"""Steering beyond half of full lock is a sharp turn; straight roads never need it."""


class SharpTurns(msgspec.Struct, frozen=True):
    """How well sharp turns are found; a turn to the wrong side is not found.

    Attributes:
        threshold: of |steering|.
        driven: records in which the driver turned sharply.
        asked: records in which the pilot did.
        precision: share of the pilot's that are right; None when it never turns sharply.
        recall: share of the driver's that the pilot finds; None when the driver never did.
        f1: harmonic mean of both; None when either is.
        recall_left: of turns to the left.
        recall_right: of turns to the right.
    """

    threshold: float
    driven: int
    asked: int
    precision: float | None
    recall: float | None
    f1: float | None
    recall_left: float | None
    recall_right: float | None


def sharp_turns(truth: Floats, guess: Floats, threshold: float = SHARP) -> SharpTurns:
    """Compare sharp turns record by record."""
    left, right = truth < -threshold, truth > threshold
    says_left, says_right = guess < -threshold, guess > threshold
    hits = int((left & says_left).sum() + (right & says_right).sum())
    driven, asked = int((left | right).sum()), int((says_left | says_right).sum())
    precision, recall = _share(hits, asked), _share(hits, driven)
    return SharpTurns(
        threshold,
        driven,
        asked,
        precision,
        recall,
        _f1(precision, recall),
        _share(int((left & says_left).sum()), int(left.sum())),
        _share(int((right & says_right).sum()), int(right.sum())),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _f1(precision: float | None, recall: float | None) -> float | None:
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
