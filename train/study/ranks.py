"""How well each offline score ranks checkpoints as driving does: Spearman, with intervals."""

from collections.abc import Sequence

import msgspec
import numpy as np
from scipy import stats

from train.scoring.certainty import rank_correlation
from train.study.scores import LARGER, WORDS

DRAWS = 2000


class Driven(msgspec.Struct, frozen=True):
    """How a checkpoint drove, all tracks together.

    Attributes:
        off_road_per_100_laps: events over laps asked.
        autonomy: mean over tracks.
        clean_share: of tracks without any event.
        laps_done: in all.
        laps_asked: in all.
    """

    off_road_per_100_laps: float
    autonomy: float
    clean_share: float
    laps_done: int
    laps_asked: int


OUTCOMES = {
    "off_road_per_100_laps": "few off-road events",
    "autonomy": "autonomy",
    "clean_share": "clean roads",
}


class Checkpoint(msgspec.Struct, frozen=True):
    """One checkpoint: its file, its offline scores and how it drove."""

    pilot: str
    sha256: str
    scores: dict[str, float]
    driven: Driven


class Predicts(msgspec.Struct, frozen=True):
    """How well a score predicts an outcome; +1 is perfectly, 0 not at all.

    Attributes:
        score: its key.
        outcome: its key.
        rho: Spearman's, turned so that a better score with better driving is positive; None when
            all checkpoints are alike.
        low: 95 % bound, by drawing checkpoints.
        high: likewise.
        checkpoints: that have this score.
    """

    score: str
    outcome: str
    rho: float | None
    low: float | None
    high: float | None
    checkpoints: int


def rank_all(checkpoints: Sequence[Checkpoint], seed: int = 0) -> list[Predicts]:
    """Every score with every outcome, best predictor of off-road events first."""
    found = [
        _predicts(checkpoints, score, outcome, seed) for outcome in OUTCOMES for score in WORDS
    ]
    order = list(OUTCOMES)
    return sorted(
        (each for each in found if each.checkpoints >= 3),
        key=lambda each: (order.index(each.outcome), -(each.rho if each.rho is not None else -2)),
    )


def _predicts(checkpoints: Sequence[Checkpoint], score: str, outcome: str, seed: int) -> Predicts:
    known = [each for each in checkpoints if score in each.scores]
    value = np.array([each.scores[score] for each in known])
    drove = np.array([getattr(each.driven, outcome) for each in known])
    value = value if score in LARGER else -value
    drove = -drove if outcome == "off_road_per_100_laps" else drove
    rho = rank_correlation(value, drove)
    low, high = _bounds(value, drove, seed) if rho is not None else (None, None)
    return Predicts(score, outcome, rho, low, high, len(known))


def _bounds(value: np.ndarray, drove: np.ndarray, seed: int) -> tuple[float | None, float | None]:
    """95 % interval, by drawing checkpoints with replacement."""
    chosen = np.random.default_rng(seed).integers(len(value), size=(DRAWS, len(value)))
    ranks = [stats.rankdata(each[chosen], axis=1) for each in (value, drove)]
    first, second = (each - each.mean(axis=1, keepdims=True) for each in ranks)
    size = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    varied = size > 0
    if varied.sum() < DRAWS / 2:
        return None, None
    low, high = np.quantile((first * second).sum(axis=1)[varied] / size[varied], [0.025, 0.975])
    return float(low), float(high)
